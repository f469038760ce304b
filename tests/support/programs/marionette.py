"""Start the real Thunderbird without a window and query it by Marionette."""

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

PROGRAM = shutil.which("thunderbird")
_START_SECONDS = 60.0

# No network connection is made, no server is asked: a modal dialog would block the session.
_QUIET: Mapping[str, str | int | bool] = {
    "app.update.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.blocklist.enabled": False,
    "extensions.update.enabled": False,
    "mail.rights.version": 1,
    **{
        f"mail.server.server{number}.{switch}": False
        for number in range(1, 9)
        for switch in ("check_new_mail", "login_at_startup", "download_on_biff")
    },
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.type": 1,
    "offline.startup_state": 3,
    "toolkit.telemetry.enabled": False,
}


class Session:
    """A connection to one Thunderbird."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rwb")
        self._number = 0
        self._read()  # the greeting
        self._call("WebDriver:NewSession", {"capabilities": {}})
        self._call("Marionette:SetContext", {"value": "chrome"})
        self._call("WebDriver:SetTimeouts", {"script": 50_000})

    def run(self, script: str, *arguments: object) -> object:
        """The value of a script's ``return``, in Thunderbird's chrome context."""
        answer = self._call(
            "WebDriver:ExecuteScript",
            {"script": script, "args": list(arguments), "sandbox": "system", "newSandbox": False},
        )
        assert isinstance(answer, dict)
        return answer["value"]

    def quit(self) -> None:
        """Quit as a user does, so that all data are saved."""
        self._call("Marionette:Quit", {"flags": ["eAttemptQuit"]})

    def run_async(self, script: str, *arguments: object) -> object:
        """The value that an asynchronous script passes to its last argument."""
        answer = self._call(
            "WebDriver:ExecuteAsyncScript",
            {"script": script, "args": list(arguments), "sandbox": "system", "newSandbox": False},
        )
        assert isinstance(answer, dict)
        return answer["value"]

    def _call(self, command: str, parameters: Mapping[str, object]) -> object:
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._stream.write(b"%d:%b" % (len(text), text))
        self._stream.flush()
        answer = self._read()
        assert isinstance(answer, list)
        _kind, number, error, result = answer
        assert number == self._number
        assert error is None, error
        return result

    def _read(self) -> object:
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise EOFError
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))


@functools.cache
def version() -> int:
    """The installed Thunderbird's major version."""
    assert PROGRAM is not None
    shown = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
    found = re.search(r"(\d+)\.", shown.stdout)
    assert found is not None, shown.stdout
    return int(found[1])


def need_version(least: int, why: str) -> None:
    """Skip the test with an older Thunderbird; ``why`` is the difference there."""
    if version() < least:
        pytest.skip(f"Thunderbird {version()} is installed; before {least} {why}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def isolated_environment(home: Path) -> dict[str, str]:
    """The environment of a Thunderbird with this home folder and without a display."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("MOZ_")},
        "HOME": str(home),
        "MOZ_HEADLESS": "1",
        "MOZ_CRASHREPORTER_DISABLE": "1",
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "TMPDIR": str(home),
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }


@contextlib.contextmanager
def thunderbird(
    profile: Path,
    home: Path,
    selection: Sequence[str],
    *,
    ip: str = "",
    program: str | Path | None = PROGRAM,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Session]:
    """A running Thunderbird; ``selection`` chooses its profile, which is ``profile``.

    With an ``ip`` every server's name leads there; Thunderbird starts offline in any case, so
    that there is time to trust the servers. Its ``user.js`` is removed at the end.
    """
    assert program is not None
    port = _free_port()
    prefs: dict[str, str | int | bool] = {**_QUIET, "marionette.port": port}
    if ip:
        prefs["network.dns.forceResolve"] = ip
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in prefs.items()
    ]
    user_js = profile / "user.js"
    user_js.write_text("\n".join(lines) + "\n")
    environment = {**isolated_environment(home), **(environ or {})}
    command = [
        str(program),
        "--headless",
        "--marionette",
        "--remote-allow-system-access",
        *selection,
    ]
    process = subprocess.Popen(
        command,
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        connection = _connect(port, process)
        try:
            session = Session(connection)
            yield session
            session.quit()
            process.wait(_START_SECONDS)
        finally:
            connection.close()
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        user_js.unlink(missing_ok=True)


def _connect(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "Thunderbird ended by itself"
        with contextlib.suppress(ConnectionRefusedError):
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
            connection.settimeout(60)
            return connection
        time.sleep(0.1)
    raise TimeoutError("Thunderbird does not listen")


# A server's name is "hostname" in Thunderbird 153, and was "hostName" in 140.
ACCOUNTS = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const found = [];
for (const account of MailServices.accounts.accounts) {
  const server = account.incomingServer;
  if (server.type == "none") continue;
  const identity = account.defaultIdentity;
  const smtp = MailServices.outgoingServer.getServerByKey(identity.smtpServerKey)
    .QueryInterface(Ci.nsISmtpServer);
  found.push({
    type: server.type, host: server.hostname ?? server.hostName, port: server.port,
    socketType: server.socketType,
    authMethod: server.authMethod, username: server.username,
    email: identity.email, name: identity.fullName,
    smtpHost: smtp.hostname, smtpPort: smtp.port, smtpSocketType: smtp.socketType,
    smtpAuthMethod: smtp.authMethod, smtpUsername: smtp.username,
    isDefault: account == MailServices.accounts.defaultAccount,
  });
}
return found;
"""

PROFILE = """
const service = Cc["@mozilla.org/toolkit/profile-service;1"]
  .getService(Ci.nsIToolkitProfileService);
return {
  current: service.currentProfile ? service.currentProfile.name : null,
  all: [...service.profiles].map(profile => profile.name),
};
"""

IMPORT = """
const [path, done] = arguments;
(async () => {
  const { ThunderbirdProfileImporter } = ChromeUtils.importESModule(
    "resource:///modules/ThunderbirdProfileImporter.sys.mjs");
  const { FileUtils } = ChromeUtils.importESModule("resource://gre/modules/FileUtils.sys.mjs");
  const importer = new ThunderbirdProfileImporter();
  const zip = new FileUtils.File(path);
  // Thunderbird 140 takes every file.
  if (importer.validateSource && !importer.validateSource(zip)) return "refused";
  const folder = Services.dirsvc.get("TmpD", Ci.nsIFile);
  folder.append("package");
  folder.createUnique(Ci.nsIFile.DIRECTORY_TYPE, 0o700);
  const reader = Cc["@mozilla.org/libjar/zip-reader;1"].createInstance(Ci.nsIZipReader);
  reader.open(zip);
  for (const entry of reader.findEntries("*")) {
    const target = folder.clone();
    target.append(entry);
    reader.extract(entry, target);
  }
  reader.close();
  importer.onProgress = () => {};
  await importer.startImport(folder, { accounts: true, addressBooks: false, calendars: false,
                                       mailMessages: false });
  return "imported";
})().then(done, error => done("error: " + error));
"""

TRUST = """
const [certificate] = arguments;
Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
  .addCertFromBase64(certificate, "CT,CT,CT");
Services.io.offline = false;
"""
"""Trust this authority (base64 of DER) and go online."""

INBOX = """
const [host, password, least, done] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const server = MailServices.accounts.allServers.find(one => (one.hostname ?? one.hostName) == host);
if (password) server.password = password;
const inbox = () => server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
const update = () => new Promise(resolve => {
  const listener = {
    QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]),
    OnStartRunningUrl() {},
    OnStopRunningUrl(url, status) { resolve(status); },
  };
  setTimeout(resolve, 3000, -1);
  if (server.type == "imap") {
    inbox().QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, listener);
  } else {
    MailServices.pop3.GetNewMail(null, listener, inbox(),
                                 server.QueryInterface(Ci.nsIPop3IncomingServer));
  }
});
(async () => {
  // The first update only reads the list of folders.
  let count = -1;
  const end = Date.now() + 25000;
  while (Date.now() < end) {
    // During the first update there may be no INBOX for a moment.
    if (inbox() && await update() === 0 && inbox()) count = inbox().getTotalMessages(false);
    if (count >= least) break;
    await new Promise(resolve => setTimeout(resolve, 300));
  }
  return count;
})().then(done, error => done("error: " + error));
"""
"""Log in at the incoming server of this host and count the messages in the INBOX, when there are
at least so many or after 25 seconds; -1 when that fails. Without a password the stored one has to
do."""

SEND = """
const [from, to, subject, password, done] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const identity = MailServices.accounts.allIdentities.find(one => one.email == from);
const fields = Cc["@mozilla.org/messengercompose/composefields;1"]
  .createInstance(Ci.nsIMsgCompFields);
fields.from = identity.email; fields.to = to; fields.subject = subject;
fields.fcc = identity.fccFolderURI || "nocopy://";
fields.body = "hola\\n";
const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
send.createAndSendMessage(null, identity, null, fields, false, false,
  Ci.nsIMsgSend.nsMsgDeliverNow, null, "text/plain", "hola\\n", null, null, {
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener", "nsIMsgCopyServiceListener"]),
    onStartSending() {}, onProgress() {}, onStatus() {}, onGetDraftFolderURI() {},
    onSendNotPerformed() { done("not performed"); }, onTransportSecurityError() {},
    onStopSending(id, status) { if (status || fields.fcc == "nocopy://") done(status); },
    onStartCopy() {}, setMessageKey() {}, getMessageId() { return null; },
    onStopCopy(status) { done(status); },
  }, password || null, "", Ci.nsIMsgCompType.New).catch(error => done("error: " + error));
"""
"""Send a message; 0 when it is sent and its copy is stored."""

FOLDERS = """
const [host] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { MailUtils } = ChromeUtils.importESModule("resource:///modules/MailUtils.sys.mjs");
const account = MailServices.accounts.accounts.find(
  one => (one.incomingServer.hostname ?? one.incomingServer.hostName) == host);
const root = account.incomingServer.rootFolder;
const name = uri => MailUtils.getExistingFolder(uri)?.URI.slice(root.URI.length + 1);
return {
  sent: name(account.defaultIdentity.fccFolderURI),
  drafts: name(account.defaultIdentity.draftsFolderURI),
  trash: root.getFolderWithFlags(Ci.nsMsgFolderFlags.Trash)?.URI.slice(root.URI.length + 1),
};
"""
"""The folders that an account uses, as far as they exist."""

NEW_ACCOUNT = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const before = MailServices.accounts.accounts.map(account => account.key);
const made = MailServices.accounts.createAccount();
const clash = before.includes(made.key);
MailServices.accounts.removeAccount(made, false);
return clash ? made.key : before;
"""
"""The keys of the accounts; the key of a new one where it is in use already."""

REMOVE_ACCOUNT = """
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
MailServices.accounts.removeAccount(MailServices.accounts.getAccount(arguments[0]), false);
"""

ISP = """
const [domain, done] = arguments;
(async () => {
  const { FetchConfig } = ChromeUtils.importESModule(
    "resource:///modules/accountcreation/FetchConfig.sys.mjs");
  const found = await FetchConfig.fromDisk(domain, new AbortController().signal);
  const server = one => [one.hostname, one.port, one.username];
  return { incoming: server(found.incoming), outgoing: server(found.outgoing) };
})().then(done, error => done("error: " + error));
"""
"""What Thunderbird's account window finds without a network."""

PARSE = """
const found = {};
const keep = (kind, name, value) => { found[name] = value; };
const decoder = new TextDecoder();
const text = (kind, name, value) => {  // the bytes of its UTF-8, one a character
  found[name] = decoder.decode(Uint8Array.from(value, char => char.charCodeAt(0)));
};
const observer = { onStringPref: text, onIntPref: keep, onBoolPref: keep, onError() {} };
Services.prefs.parsePrefsFromBuffer(Uint8Array.from(arguments[0]), observer, "test");
return found;
"""
"""What Gecko reads in these bytes of a ``prefs.js``."""
