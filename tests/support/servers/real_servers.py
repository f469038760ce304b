"""Real mail, name and web servers on one loopback address: Dovecot, Postfix, Knot DNS and nginx.

They listen on the standard ports of an address of their own (127.44.x.y), so that the program
under test finds them as it finds any hosting's: by name, through the resolver.
"""

import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.support.servers.certificates import Certificates
from tests.support.servers.dovecot import LOGGED_IN, DovecotServer, TokenCheck, password_line
from tests.support.servers.hosting import ACCOUNTS, CLOSED, DOMAINS, PENISCOLA, QUOTAS, SHARED
from tests.support.servers.mailboxes import Mailboxes
from tests.support.servers.name_server import NameServer
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.oauth_models import RESOURCE_SERVER
from tests.support.servers.postfix import start_postfix
from tests.support.servers.process import (
    Server,
    answers,
    free_loopback_address,
    start_server,
    with_sbin,
)
from tests.support.servers.web_server import WebServer
from tests.support.servers.zone_records import standard_records


class RealServers:
    """All servers of one test process."""

    def __init__(self, ip: str = "") -> None:
        """``ip`` is where they listen; by default a free address of loopback."""
        self.folder = Path(tempfile.mkdtemp(prefix="mailsetup-servers-"))
        self.folder.chmod(0o755)
        self.ip = ip or free_loopback_address()
        self.accounts = dict(ACCOUNTS)
        self._servers: list[Server] = []
        self._extra_dovecots = 0
        self._issuer: Issuer | None = None
        self._make_certificates()
        records = standard_records(self.ip, self.sign_in_ip, self.issuer_ip)
        self.name_server = NameServer(self.folder, self.ip, records)
        self.web = WebServer(self.folder, self.ip, self._certificate)
        self.mailboxes = Mailboxes(self.folder / "mail", self.folder / "dovecot.conf")

    def _make_certificates(self) -> None:
        folder = self.folder / "tls"
        folder.mkdir()
        self.certificates = Certificates(folder)
        self.ca_file = self.certificates.ca_file
        names = [
            name
            for domain in (*DOMAINS, PENISCOLA)
            if domain not in ("wrongcert.test", "expired.test")
            for name in (domain, f"*.{domain}")
        ]
        # The public provider database, too: some tests resolve its name to these servers.
        self._certificate = self.certificates.issue("good", *names, "v1.ispdb.net")
        self._other_name = self.certificates.issue("other", "srv12.hoster.test")
        self._expired = self.certificates.issue("expired", "mail.expired.test", expired=True)

    @property
    def sign_in_ip(self) -> str:
        """The address of the mail servers that take access tokens."""
        return self._address(8)

    @property
    def issuer_certificate(self) -> Path:
        """The certificate of the OpenID provider."""
        return self.certificates.folder / "issuer.pem"

    @property
    def issuer_ip(self) -> str:
        """The address of the OpenID provider."""
        return self._address(9)

    def _address(self, number: int) -> str:
        octets = self.ip.split(".")
        return ".".join([*octets[:3], str(int(octets[3]) + number)])

    @property
    def resolver(self) -> str:
        """For ``--resolver``."""
        return f"{self.ip}:53"

    def start(self) -> None:
        """Start everything; on failure nothing is left."""
        try:
            self._servers.append(self.name_server.start())
            self._fill_mailboxes()
            self._start_main_dovecot()
            self._servers.append(
                start_postfix(
                    self.folder,
                    self.ip,
                    self.sign_in_ip,
                    accounts=self.accounts,
                    certificate=self._certificate,
                    shared_certificate=self._other_name,
                )
            )
            self._servers.append(self.web.start())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop everything and remove the folder."""
        if self._issuer is not None:
            self._issuer.stop()
        for server in reversed(self._servers):
            server.stop()
        self._servers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pids(self) -> list[int]:
        """The servers' processes."""
        return [server.pid for server in self._servers]

    # Dovecot --------------------------------------------------------------------------------

    def _fill_mailboxes(self) -> None:
        self.mailboxes.fill("llena@bodega.test", 64)
        self.mailboxes.write_sieve(
            "reglas@bodega.test",
            'require ["fileinto", "mailbox"];\nfileinto :create "Clientes";\n',
        )
        self.mailboxes.fill("casillena@faults.test", 95)
        self.mailboxes.write_sieve("spam@faults.test", 'require "fileinto";\nfileinto "Junk";\n')

    def _start_main_dovecot(self) -> None:
        self._write_passwords()
        server = self.dovecot_server(
            "dovecot", self.ip, imap=143, imaps=993, pop3=110, pop3s=995, sieve=4190
        )
        certificates = {
            f"mail.{SHARED}": self._other_name,
            "mail.wrongcert.test": self._other_name,
            "mail.expired.test": self._expired,
        }
        self.start_dovecot(
            replace(
                server,
                mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256",
                certificates=certificates,
                serves_postfix=True,
                delivers=True,
            )
        )

    def extra_dovecot(self, host: str, *, mechanisms: str = "plain", tls: str = "yes") -> str:
        """One more Dovecot for the same users, on an address of its own, known as ``host``.

        ``tls`` is Dovecot's ``ssl``: with ``no`` there is no STARTTLS and no TLS port.
        """
        self._extra_dovecots += 1
        ip = self._address(self._extra_dovecots)
        server = self.dovecot_server(
            f"dovecot{self._extra_dovecots}", ip, imap=143, imaps=0 if tls == "no" else 993
        )
        self.start_dovecot(replace(server, mechanisms=mechanisms, tls=tls))
        self.name_server.add(f"{host}. A {ip}")
        return ip

    def start_sign_in(self) -> Issuer:
        """The OpenID provider, and a Dovecot that asks it about access tokens.

        IMAP, POP3, ManageSieve there; Postfix takes the same tokens for submission.
        """
        if self._issuer is not None:
            return self._issuer
        users = {name: word for name, word in self.accounts.items() if "@acceso.test" in name}
        issuer = Issuer("id.acceso.test", users)
        certificate = self.certificates.issue("issuer", "id.acceso.test", self.issuer_ip)
        issuer.start(self.issuer_ip, certificate)
        self._issuer = issuer
        name, secret = RESOURCE_SERVER
        tokens = TokenCheck(
            introspection=f"https://{name}:{secret}@{self.issuer_ip}/introspect",
            discovery=f"{issuer.url}/.well-known/openid-configuration",
            client_id=name,
            client_secret=secret,
            ca_file=self.ca_file,
        )
        server = self.dovecot_server(
            "dovecot-oauth", self.sign_in_ip, imap=143, imaps=993, pop3=0, pop3s=995, sieve=4190
        )
        self.start_dovecot(
            replace(server, mechanisms="oauthbearer xoauth2", tokens=tokens, serves_postfix=True)
        )
        return issuer

    def dovecot_server(self, name: str, ip: str, **listeners: int) -> DovecotServer:
        """A Dovecot for the same users with these ports; the caller may change and start it."""
        return DovecotServer(
            name=name,
            ip=ip,
            run=self.folder / name,
            log=self.folder / f"{name}-mail.log",
            mail=self.folder / "mail",
            passwords=self.folder / "passwords",
            certificate=self._certificate,
            listeners=listeners,
        )

    def start_dovecot(self, wanted: DovecotServer) -> None:
        """Start a Dovecot; `stop` stops it. Returns when all its ports answer."""
        config = self.folder / f"{wanted.name}.conf"
        wanted.write(config)
        ports = [port for port in wanted.listeners.values() if port]
        lmtp = wanted.run / "lmtp"
        server = start_server(
            wanted.name,
            ("dovecot", "-F", "-c", str(config)),
            self.folder / f"{wanted.name}.log",
            lambda: answers(wanted.ip, *ports) and (lmtp.exists() or not wanted.delivers),
        )
        self._servers.append(server)

    def _write_passwords(self) -> None:
        lines = []
        for address, password in self.accounts.items():
            name = address.partition("@")[0]
            quota, closed = QUOTAS.get(name, ""), CLOSED.get(name, "")
            lines.append(password_line(address, password, quota=quota, closed=closed))
        (self.folder / "passwords").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def add_account(self, address: str, password: str) -> None:
        """Add a mailbox, which Dovecot knows when this returns."""
        self.accounts[address] = password
        self._write_passwords()
        # Dovecot checks the file for changes once a second at most.
        look_up = ["doveadm", "-c", str(self.folder / "dovecot.conf"), "user", address]
        for _ in range(100):
            if subprocess.run(look_up, capture_output=True, env=with_sbin()).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"Dovecot does not know {address}")

    # Logs -----------------------------------------------------------------------------------

    def logins(self, *, service: str = "", user: str = "", server: str = "dovecot") -> int:
        """The number of logins at a Dovecot, by imap, pop3 or managesieve.

        Submission does not count: Postfix only asks whether a password is right.
        """
        return sum(
            service in ("", found["service"]) and user in ("", found["user"])
            for found in LOGGED_IN.finditer(self.log(f"{server}-mail"))
        )

    def log(self, name: str) -> str:
        """A server's log: dovecot-mail, postfix, nginx-error …"""
        return (self.folder / f"{name}.log").read_text(errors="replace")
