"""Start the real Thunderbird without a window and ask it, by Marionette, what it knows."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PROGRAM = shutil.which("thunderbird")
_START_SECONDS = 60.0

# Nothing leaves this computer, and no server is asked: a modal dialog would hang the session.
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
    """A conversation with one Thunderbird."""

    def __init__(self, connection: socket.socket) -> None:
        self._stream = connection.makefile("rwb")
        self._number = 0
        self._read()  # the greeting
        self._call("WebDriver:NewSession", {"capabilities": {}})
        self._call("Marionette:SetContext", {"value": "chrome"})

    def run(self, script: str, *arguments: object) -> object:
        """The value of a script's ``return``, in Thunderbird's own context."""
        answer = self._call(
            "WebDriver:ExecuteScript",
            {"script": script, "args": list(arguments), "sandbox": "system", "newSandbox": False},
        )
        assert isinstance(answer, dict)
        return answer["value"]

    def quit(self) -> None:
        """Leave as a person does: everything is saved."""
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def thunderbird(profile: Path, home: Path, selection: Sequence[str]) -> Iterator[Session]:
    """A running Thunderbird; ``selection`` chooses its profile, which is ``profile``.

    With a ``user.js`` in the profile, which therefore should be a copy or thrown away.
    """
    assert PROGRAM is not None
    port = _free_port()
    prefs: dict[str, str | int | bool] = {**_QUIET, "marionette.port": port}
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in prefs.items()
    ]
    (profile / "user.js").write_text("\n".join(lines) + "\n")
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("MOZ_")},
        "HOME": str(home),
        "MOZ_HEADLESS": "1",
        "MOZ_CRASHREPORTER_DISABLE": "1",
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "TMPDIR": str(home),
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }
    command = [PROGRAM, "--headless", "--marionette", "--remote-allow-system-access", *selection]
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
    type: server.type, host: server.hostname, port: server.port, socketType: server.socketType,
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
  if (!importer.validateSource(zip)) return "refused";
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
