// Made by mailsetup for Thunderbird. This line is not read.
var wanted = @WANTED@;
(function () {
  function text(name) {
    return String(getPref(name) || "");
  }
  function add(list, key) {
    var keys = text(list).split(",").filter(function (one) { return one.trim(); });
    if (keys.indexOf(key) < 0) {
      keys.push(key);
      pref(list, keys.join(","));
    }
  }
  var address = getenv("@ADDRESS@") || wanted.address;
  var at = address.lastIndexOf("@");
  if (at < 1 || address.slice(at + 1).toLowerCase() != wanted.domain) {
    return;
  }
  var own = address == wanted.address;
  if (!own && !wanted.shared) {
    return;
  }
  // Once for each version of this file: what a person changes or removes later stays so.
  var stamp = wanted.version + " " + address;
  if (text("@DONE@") == stamp) {
    return;
  }
  function filled(value) {
    return own || typeof value != "string" ? value : value
      .split("%EMAILADDRESS%").join(address)
      .split("%EMAILLOCALPART%").join(address.slice(0, at))
      .split("%EMAILDOMAIN%").join(wanted.domain);
  }
  var values = own ? wanted.prefs : wanted.shared;
  for (var name in values) {
    pref(name, filled(values[name]));
  }
  var person = getenv("@NAME@");
  if (person) {
    pref("mail.identity.@IDENTITY@.fullName", person);
  }
  add("mail.accountmanager.accounts", "@ACCOUNT@");
  add("mail.smtpservers", "@SMTP@");
  if (!text("mail.accountmanager.defaultaccount")) {
    pref("mail.accountmanager.defaultaccount", "@ACCOUNT@");
  }
  if (!text("mail.smtp.defaultserver")) {
    pref("mail.smtp.defaultserver", "@SMTP@");
  }
  pref("@DONE@", stamp);
})();
