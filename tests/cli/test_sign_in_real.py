"""Sign-ins from the command line at a real OAuth provider."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli.schema import valid
from tests.support.oauth.person import Person
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


class Run:
    """``mailsetup check`` while it goes on; what it says on standard error is heard at once."""

    def __init__(
        self,
        servers: RealServers,
        *words: str,
        address: str = "ana@acceso.test",
        inside: Sequence[str] = (),
        **variables: str,
    ) -> None:
        network = ["--resolver", servers.resolver, "--ca-file", str(servers.ca_file)]
        self._process = subprocess.Popen(
            [*inside, sys.executable, "-m", "mailsetup", "check", address, *words, *network],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # No browser of this computer opens.
            env={
                name: value
                for name, value in os.environ.items()
                if name not in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
            }
            | variables,
        )
        self.lines: list[str] = []
        self._heard = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._heard:
                self.lines.append(line.rstrip("\n"))
                self._heard.notify_all()

    def hear(self, beginning: str) -> str:
        """Wait for a line, and return what follows in it."""
        with self._heard:
            found: list[str] = []

            def came() -> bool:
                found[:] = [line for line in self.lines if line.startswith(beginning)]
                return bool(found)

            assert self._heard.wait_for(came, timeout=30), self.lines
            return found[0].removeprefix(beginning)

    def ended(self) -> tuple[int, Any, str]:
        """Exit status, the JSON document, and all that was printed."""
        assert self._process.stdout is not None
        printed = self._process.stdout.read()
        status = self._process.wait(60)
        self._listener.join(10)
        self._process.stdout.close()
        assert self._process.stderr is not None
        self._process.stderr.close()
        everything = printed + "\n".join(self.lines)
        assert "Traceback" not in everything
        return status, valid(json.loads(printed)), everything


def test_sign_in_in_the_browser_prints_no_secret(
    servers: RealServers, issuer: Issuer, tmp_path: Path
) -> None:
    report = tmp_path / "ana.html"
    run = Run(servers, "--sign-in", "browser", "--json", "--report", str(report))
    person = Person(servers)
    person.open("https://" + run.hear("https://"))
    status, document, printed = run.ended()
    person.done()
    assert status == 0, printed
    assert document["sign_in"] == {
        "provider": "id.acceso.test",
        "host": "id.acceso.test",
        "account": "ana@acceso.test",
        "kept": False,
    }
    assert {one["mechanism"] for one in document["tested"]} == {"OAUTHBEARER"}
    assert document["round_trip"]["attachment_intact"] is True
    assert issuer.tokens
    for token in issuer.tokens:
        for secret in (token.access, token.refresh or token.access):
            assert secret not in printed
            assert secret not in report.read_text()
    # Not stored, so the token is revoked.
    assert issuer.active_tokens == []


def test_sign_in_by_a_device_code(servers: RealServers, issuer: Issuer) -> None:
    run = Run(servers, "--sign-in", "device", "--json", "--no-send")
    assert run.hear("Open this page on any device: ") == "https://id.acceso.test/codigo"
    issuer.decide(run.hear("Type this code there: "), "ana@acceso.test")
    status, document, printed = run.ended()
    assert status == 0, printed
    assert document["sign_in"]["account"] == "ana@acceso.test"
    assert issuer.active_tokens == []


def test_device_code_is_used_without_a_browser(servers: RealServers, issuer: Issuer) -> None:
    issuer.register("http://127.0.0.1", "del-tecnico")
    run = Run(servers, "--oauth-client-id", "del-tecnico", "--json", "--no-send")
    issuer.decide(run.hear("Type this code there: "), "ana@acceso.test")
    status, _document, printed = run.ended()
    assert status == 0, printed


def test_given_client_id_is_used(servers: RealServers, issuer: Issuer) -> None:
    issuer.register("http://127.0.0.1", "del-tecnico")
    own = ("--oauth-client-id", "del-tecnico")
    run = Run(servers, *own, "--sign-in", "browser", "--json", "--no-send")
    person = Person(servers)
    url = "https://" + run.hear("https://")
    assert "client_id=del-tecnico" in url
    person.open(url)
    status, _document, printed = run.ended()
    person.done()
    assert status == 0, printed


WITH_A_KEYRING = """
import subprocess, sys
from mailsetup.vault import Vault
daemon = subprocess.Popen(
    ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
daemon.stdin.write(b"login")
daemon.stdin.close()
import time
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
deadline = time.monotonic() + 20
while not Vault().store(EmailAddress("x", "y.test"), Secret("z")):
    assert time.monotonic() < deadline, "the keyring takes nothing"
    time.sleep(0.1)
try:
    keeping = [*sys.argv[1:], "--sign-in", "browser", "--keep-sign-in"]
    subprocess.run(keeping, stdout=subprocess.DEVNULL, check=True)
    sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode)
finally:
    daemon.terminate()
    daemon.wait()
"""


def test_stored_sign_in_needs_no_browser(
    servers: RealServers, issuer: Issuer, tmp_path: Path
) -> None:
    for program in ("gnome-keyring-daemon", "dbus-run-session"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    run = Run(
        servers,
        "--json",
        "--no-send",
        inside=("dbus-run-session", "--", sys.executable, "-c", WITH_A_KEYRING),
        HOME=str(tmp_path),
        XDG_DATA_HOME=str(tmp_path / "data"),
        XDG_RUNTIME_DIR=str(runtime),
        LANG="C.UTF-8",
        PYTHONPATH=str(Path(__file__).resolve().parent.parent.parent),
    )
    person = Person(servers)
    person.open("https://" + run.hear("https://"))
    person.done()
    status, document, printed = run.ended()
    assert status == 0, printed
    assert document["sign_in"]["kept"] is True
    assert issuer.asked.count("GET /authorize") == 1
    # It was renewed once more for the second time, and is still good.
    assert issuer.active_tokens


@pytest.mark.fault("account.login.wrong-account")
def test_sign_in_of_another_account_is_a_finding(servers: RealServers, issuer: Issuer) -> None:
    run = Run(servers, "--sign-in", "browser", "--json", "--no-send")
    person = Person(servers, "luis@acceso.test")
    person.open("https://" + run.hear("https://"))
    status, document, printed = run.ended()
    person.done()
    assert status == 5
    assert document["first_broken"] == "account"
    assert document["findings"][0]["id"] == "account.login.wrong-account"
    assert "You signed in as luis@acceso.test, but your address is ana@acceso.test" in printed


def test_denied_consent_ends_the_command_with_a_sentence(
    servers: RealServers, issuer: Issuer
) -> None:
    run = Run(servers, "--sign-in", "browser", "--json")
    person = Person(servers, allow=False)
    person.open("https://" + run.hear("https://"))
    status, document, _printed = run.ended()
    person.done()
    assert status == 5
    assert document["error"]["id"] == "sign-in.denied"
    assert "did not give leave" in document["error"]["message"]


@pytest.mark.parametrize(
    ("address", "words", "status", "error"),
    [
        ("ana@bodega.test", ("--sign-in", "browser"), 2, "sign-in.no-provider"),
        ("ana@acceso.test", ("--sign-in", "browser", "--password-stdin"), 2, "usage"),
        ("ana@acceso.test", (), 2, "password.missing"),
    ],
)
def test_impossible_sign_in_is_reported_before_a_browser_opens(
    servers: RealServers,
    issuer: Issuer,
    address: str,
    words: tuple[str, ...],
    status: int,
    error: str,
) -> None:
    ended, document, _printed = Run(servers, *words, "--json", address=address).ended()
    assert (ended, document["error"]["id"]) == (status, error)


def test_missing_client_id_is_explained_with_alternatives(
    servers: RealServers, issuer: Issuer, tmp_path: Path
) -> None:
    path = tmp_path / "gmail.json"
    server = {"security": "tls", "authentication": ["OAuth2"]}
    path.write_text(
        json.dumps(
            {
                "incoming": [{"protocol": "imap", "host": "imap.gmail.com", "port": 993, **server}],
                "outgoing": [{"protocol": "smtp", "host": "smtp.gmail.com", "port": 465, **server}],
            }
        )
    )
    run = Run(
        servers, "--sign-in", "browser", "--json", "--settings", str(path), address="ana@gmail.com"
    )
    status, document, _printed = run.ended()
    assert (status, document["error"]["id"]) == (2, "sign-in.no-client")
    assert document["error"]["message"].startswith("Google only lets programs in")


def test_servers_of_another_company_need_a_confirmation(
    servers: RealServers, issuer: Issuer, tmp_path: Path
) -> None:
    """Given in a file they are; found in the domain they would not be."""
    from tests.support.servers.hosting import SIGN_IN_CONFIG

    config = SIGN_IN_CONFIG.replace("mail.acceso.test", "mail.hoster.test")
    servers.web.serve("autoconfig.acceso.test", "/mail/config-v1.1.xml", config)
    try:
        status, document, _printed = Run(servers, "--sign-in", "browser", "--json").ended()
    finally:
        servers.web.serve("autoconfig.acceso.test", "/mail/config-v1.1.xml", SIGN_IN_CONFIG)
    assert (status, document["error"]["id"]) == (4, "confirmation.needed")
    assert "--trust hoster.test" in document["error"]["message"]
    assert issuer.tokens == []
