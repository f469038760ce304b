"""A small world of real servers: Dovecot, Postfix, knot and nginx on one loopback address.

They listen on the standard ports of an address of their own (127.44.x.y), so that the program
under test finds them exactly as it would find anybody's: by name, through the resolver.
"""

import base64
import functools
import hashlib
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from tests.support import rootless
from tests.support.servers.configs import knot, nginx, zone
from tests.support.servers.dovecot import (
    DELIVERY,
    LOGGED_IN,
    DovecotServer,
    TokenCheck,
    password_line,
)
from tests.support.servers.oauth_issuer import RESOURCE_SERVER, Issuer
from tests.support.servers.process import Server, answers

# IDN A-label of peñíscola.test
PENISCOLA = "xn--pescola-8ya9a.test"

DOMAINS = (
    "bodega.test",
    "hoster.test",
    "onlysrv.test",
    "onlyautoconfig.test",
    "wellknown.test",
    "mxhosted.test",
    "foreign-srv.test",
    "html200.test",
    "wrongcert.test",
    "expired.test",
    "plain.test",
    "probing.test",
    "dead.test",
    "nostarttls.test",
    "pacc.test",
    "outlookish.test",
    "faults.test",
    "acceso.test",
)
SHARED = "shared.test"
"""A domain whose server proves itself only as ``srv12.hoster.test``."""

ACCOUNTS = {
    "ana@bodega.test": "correcto-1",
    "eñe@bodega.test": "contraseña-ñ",
    "llena@bodega.test": "correcto-2",
    "reglas@bodega.test": "correcto-3",
    "ana@onlysrv.test": "correcto-4",
    "ana@onlyautoconfig.test": "correcto-5",
    "ana@wellknown.test": "correcto-6",
    "ana@mxhosted.test": "correcto-7",
    "ana@foreign-srv.test": "correcto-8",
    "ana@probing.test": "correcto-9",
    "ana@html200.test": "correcto-10",
    "ana@wrongcert.test": "correcto-11",
    "ana@expired.test": "correcto-12",
    f"ana@{SHARED}": "correcto-13",
    "pepe": "correcto-14",
    "ana@pacc.test": "correcto-15",
    "ana@outlookish.test": "correcto-16",
    "ana@faults.test": "correcto-17",
    "limite@faults.test": "correcto-18",
    "ajena@faults.test": "correcto-19",
    "rechazada@faults.test": "correcto-20",
    "gris@faults.test": "correcto-21",
    "aplazada@faults.test": "correcto-22",
    "nadie@faults.test": "correcto-23",
    "spam@faults.test": "correcto-24",
    "casillena@faults.test": "correcto-25",
    "cerrada@faults.test": "correcto-26",
    "ana@acceso.test": "correcto-27",
    "luis@acceso.test": "correcto-28",
}
"""Logins; the one without a domain is of somebody whose hosting wants the short name."""

# What the outgoing server does with mail of, and to, the accounts that show a fault.
SENDERS = "limite@faults.test 550 5.4.5 Daily user sending limit exceeded\n"
RECIPIENTS = (
    "rechazada@faults.test 554 5.7.1 Message rejected as spam\n"
    "gris@faults.test 450 4.2.0 Greylisted, see http://postgrey.example/\n"
    "nadie@faults.test 550 5.1.1 User unknown in virtual mailbox table\n"
)
# Nobody listens there: what is for this mailbox waits in the queue.
TRANSPORTS = "aplazada@faults.test smtp:[127.0.0.1]:9\n"

PACC = json.dumps(
    {
        "protocols": {"imap": {"host": "mail.pacc.test"}, "submit": {"host": "mail.pacc.test"}},
        "authentication": {"password": True},
        "info": {"provider": {"name": "Pacc"}},
    }
)
AUTODISCOVER = """<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
<Account><AccountType>email</AccountType><Action>settings</Action>
<Protocol><Type>IMAP</Type><Server>mail.outlookish.test</Server><Port>993</Port><SSL>on</SSL>
</Protocol><Protocol><Type>SMTP</Type><Server>mail.outlookish.test</Server><Port>587</Port>
<Encryption>TLS</Encryption></Protocol></Account></Response></Autodiscover>"""

_QUOTAS = {"llena": "50K", "casillena": "104K"}
"""The size of the mailbox of an account of this name, where it is not the server's."""
_CLOSED = {"cerrada": "Account suspended"}
"""Why an account of this name is refused though its password is right."""

USERS = ("mail", "postfix", "dovecot", "dovenull", "nobody")
"""Whom the servers change to."""

PROGRAMS = ("dovecot", "postfix", "knotd", "knotc", "nginx")


def missing() -> str | None:
    """Why the world cannot be started here, or None."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return f"the real servers need root; {_without_root()}"
    ids = [pwd.getpwnam(name).pw_uid for name in USERS]
    if rootless.unmapped(ids):
        return "the real servers need more than the one user that exists in this user namespace"
    return None


@functools.cache
def _without_root() -> str:
    """What an ordinary user can do about it, or why nothing."""
    way = rootless.command(["true"])
    if isinstance(way, rootless.Impossible):
        return f"in its place, a user namespace would do: {way.reason}"
    return "packaging/start.py test gives them a user namespace"


SIGN_IN_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.2"><emailProvider id="acceso.test">
  <domain>acceso.test</domain><displayName>Acceso</displayName>
  <incomingServer type="imap"><hostname>mail.acceso.test</hostname><port>993</port>
    <socketType>SSL</socketType><authentication>OAuth2</authentication>
    <username>%EMAILADDRESS%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>mail.acceso.test</hostname><port>465</port>
    <socketType>SSL</socketType><authentication>OAuth2</authentication>
    <username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider>
<oAuth2><issuer>https://id.acceso.test</issuer></oAuth2></clientConfig>
"""


def clientconfig(host: str, domain: str, username: str = "%EMAILADDRESS%") -> str:
    """An autoconfig document that names one host for both directions."""
    return textwrap.dedent(
        f"""\
        <?xml version="1.0" encoding="UTF-8"?>
        <clientConfig version="1.1"><emailProvider id="{domain}">
          <domain>{domain}</domain><displayName>Hosting de {domain}</displayName>
          <incomingServer type="imap"><hostname>{host}</hostname><port>993</port>
            <socketType>SSL</socketType><authentication>password-cleartext</authentication>
            <username>{username}</username></incomingServer>
          <outgoingServer type="smtp"><hostname>{host}</hostname><port>465</port>
            <socketType>SSL</socketType><authentication>password-cleartext</authentication>
            <username>{username}</username></outgoingServer>
        </emailProvider></clientConfig>
        """
    )


@dataclass
class Certificates:
    """A throw-away authority and what it issued, as files."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.ca_file = self.folder / "ca.pem"
        self.ca.cert_pem.write_to_path(str(self.ca_file))

    def issue(self, name: str, *hosts: str, expired: bool = False) -> tuple[Path, Path]:
        """Certificate chain and key, as two files."""
        end = datetime.now(UTC) - timedelta(days=30) if expired else None
        issued = self.ca.issue_cert(*hosts, not_after=end)
        chain, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        return chain, key


class World:
    """All servers of one test process."""

    def __init__(self, ip: str = "") -> None:
        """``ip`` is where they listen; an address of loopback that is free, unless said."""
        self.folder = Path(tempfile.mkdtemp(prefix="mailsetup-world-"))
        self.folder.chmod(0o755)
        self.ip = ip or _free_loopback_address()
        self.accounts = dict(ACCOUNTS)
        self._servers: list[Server] = []
        self._zone: list[str] = []
        self._serial = 1
        self._extra = 0
        self._extra_messages = 0
        self._issuer: Issuer | None = None
        certificates = self.folder / "tls"
        certificates.mkdir()
        self.certificates = Certificates(certificates)
        self.ca_file = self.certificates.ca_file
        names = [
            name
            for domain in (*DOMAINS, PENISCOLA)
            if domain not in ("wrongcert.test", "expired.test")
            for name in (domain, f"*.{domain}")
        ]
        # The public provider database, too, where a test lets its name lead here.
        self._good = self.certificates.issue("good", *names, "v1.ispdb.net")
        self._other_name = self.certificates.issue("other", "srv12.hoster.test")
        self._expired = self.certificates.issue("expired", "mail.expired.test", expired=True)

    @property
    def sign_in_ip(self) -> str:
        """Where the mail servers listen that take an access token."""
        return self._address(8)

    @property
    def issuer_certificate(self) -> Path:
        """What the provider proves itself with."""
        return self.certificates.folder / "issuer.pem"

    @property
    def issuer_ip(self) -> str:
        """Where people sign in."""
        return self._address(9)

    def _address(self, number: int) -> str:
        octets = self.ip.split(".")
        return ".".join([*octets[:3], str(int(octets[3]) + number)])

    @property
    def resolver(self) -> str:
        """For ``--resolver``."""
        return f"{self.ip}:53"

    def start(self) -> None:
        """Start everything; on failure nothing stays behind."""
        try:
            self._start_knot()
            self._start_dovecot()
            self._start_postfix()
            self._start_nginx()
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

    # Names ----------------------------------------------------------------------------------

    def records(self, *lines: str) -> None:
        """Add records (full names with a final dot) and serve them at once."""
        self._zone += lines
        self._serve_zone()

    @contextmanager
    def passing_records(self, *lines: str) -> Iterator[None]:
        """Records for the time of a block."""
        before = list(self._zone)
        self.records(*lines)
        try:
            yield
        finally:
            self._zone = before
            self._serve_zone()

    def _serve_zone(self) -> None:
        self._write_zone()
        subprocess.run(
            ["knotc", "-b", "-s", str(self.folder / "knot.sock"), "zone-reload", "."],
            check=True,
            capture_output=True,
            env=_with_sbin(),
        )

    def _write_zone(self) -> None:
        self._serial += 1
        head = [
            "$TTL 1",
            f". SOA ns.test. admin.test. {self._serial} 3600 600 86400 1",
            ". NS ns.test.",
            f"ns.test. A {self.ip}",
        ]
        (self.folder / "root.zone").write_text("\n".join([*head, *self._zone]) + "\n")

    def _standard_records(self) -> list[str]:
        ip = self.ip
        lines: list[str] = []

        def a(*names: str) -> None:
            lines.extend(f"{name}. A {ip}" for name in names)

        def mx(domain: str, host: str) -> None:
            lines.append(f"{domain}. MX 10 {host}.")

        def srv(domain: str, host: str) -> None:
            for label, port in (
                ("_imaps", 993),
                ("_imap", 143),
                ("_submissions", 465),
                ("_submission", 587),
            ):
                lines.append(f"{label}._tcp.{domain}. SRV 0 1 {port} {host}.")

        a("mx.bodega.test", "imap.bodega.test", "smtp.bodega.test", "autoconfig.bodega.test")
        mx("bodega.test", "mx.bodega.test")
        srv("bodega.test", "imap.bodega.test")
        lines.append('bodega.test. TXT "v=spf1 mx -all"')
        lines.append('_dmarc.bodega.test. TXT "v=DMARC1; p=none"')
        a(f"mail.{PENISCOLA}", f"autoconfig.{PENISCOLA}")
        mx(PENISCOLA, f"mail.{PENISCOLA}")
        a("mx.onlysrv.test", "mail.onlysrv.test")
        mx("onlysrv.test", "mx.onlysrv.test")
        srv("onlysrv.test", "mail.onlysrv.test")
        a("mail.onlyautoconfig.test", "autoconfig.onlyautoconfig.test")
        mx("onlyautoconfig.test", "mail.onlyautoconfig.test")
        a("wellknown.test", "mail.wellknown.test")
        mx("wellknown.test", "mail.wellknown.test")
        a("mx1.hoster.test", "autoconfig.hoster.test", "mail.hoster.test", "srv12.hoster.test")
        mx("mxhosted.test", "mx1.hoster.test")
        mx("foreign-srv.test", "mx1.hoster.test")
        srv("foreign-srv.test", "mail.hoster.test")
        a("autoconfig.html200.test", "html200.test", "mail.html200.test", "imap.html200.test")
        a("smtp.html200.test")
        mx("html200.test", "mail.html200.test")
        for domain in ("wrongcert.test", "expired.test"):
            a(f"mail.{domain}")
            mx(domain, f"mail.{domain}")
            srv(domain, f"mail.{domain}")
        a(f"mail.{SHARED}")
        mx(SHARED, f"mail.{SHARED}")
        a("mail.pacc.test", "ua-auto-config.pacc.test")
        mx("pacc.test", "mail.pacc.test")
        digest = base64.b64encode(hashlib.sha256(PACC.encode()).digest()).decode()
        lines.append(f'_ua-auto-config.pacc.test. TXT "v=UAAC1; a=sha256; d={digest}"')
        a("autodiscover.outlookish.test", "mail.outlookish.test")
        mx("outlookish.test", "mail.outlookish.test")
        a("mail.probing.test", "imap.probing.test", "smtp.probing.test")
        mx("probing.test", "mail.probing.test")
        a("mail.faults.test")
        mx("faults.test", "mail.faults.test")
        srv("faults.test", "mail.faults.test")
        a("mx.acceso.test", "autoconfig.acceso.test")
        mx("acceso.test", "mx.acceso.test")
        # The servers that take a sign-in instead of a password, and where one signs in.
        lines.append(f"mail.acceso.test. A {self.sign_in_ip}")
        lines.append(f"id.acceso.test. A {self.issuer_ip}")
        lines.append("nullmx.test. MX 0 .")
        lines.append('nomx.test. TXT "nothing here"')
        mx("dead.test", "gone.dead.test")
        return lines

    # Servers --------------------------------------------------------------------------------

    def _run(
        self,
        name: str,
        *command: str,
        environment: dict[str, str] | None = None,
        watched: bool = False,
    ) -> Server:
        log = self.folder / f"{name}.log"
        variables = {**_with_sbin(), **(environment or {})}
        server = Server(name, command, log, variables, watched=watched)
        self._servers.append(server)
        return server

    def _start_knot(self) -> None:
        self._zone = self._standard_records()
        self._write_zone()
        config = self.folder / "knot.conf"
        # Without its file every question about it fails.
        silent = f'  - domain: muda.test\n    storage: "{self.folder}"\n    file: absent.zone\n'
        root = zone(self.folder, ".", "root.zone")
        config.write_text(knot(self.folder, self.ip, root, silent))
        (self.folder / "knot-db").mkdir()
        server = self._run("knotd", "knotd", "-c", str(config))
        server.wait_until(lambda: answers(self.ip, 53))

    def _start_dovecot(self) -> None:
        owner = pwd.getpwnam("mail")
        mail = self.folder / "mail"
        mail.mkdir()
        os.chown(mail, owner.pw_uid, owner.pw_gid)
        self._write_passwords()
        self._fill_mailbox("llena@bodega.test", 64)
        self.write_sieve(
            "reglas@bodega.test",
            'require ["fileinto", "mailbox"];\nfileinto :create "Clientes";\n',
        )
        self._fill_mailbox("casillena@faults.test", 95)
        self.write_sieve("spam@faults.test", 'require "fileinto";\nfileinto "Junk";\n')
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
        self._extra += 1
        ip = self._address(self._extra)
        server = self.dovecot_server(
            f"dovecot{self._extra}", ip, imap=143, imaps=0 if tls == "no" else 993
        )
        self.start_dovecot(replace(server, mechanisms=mechanisms, tls=tls))
        self.records(f"{host}. A {ip}")
        return ip

    def start_sign_in(self) -> Issuer:
        """The provider at which people sign in, and a Dovecot that asks it about their tokens.

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
        ip = self.sign_in_ip
        server = self.dovecot_server(
            "dovecot-oauth", ip, imap=143, imaps=993, pop3=0, pop3s=995, sieve=4190
        )
        self.start_dovecot(
            replace(server, mechanisms="oauthbearer xoauth2", tokens=tokens, serves_postfix=True)
        )
        return issuer

    def dovecot_server(self, name: str, ip: str, **listeners: int) -> DovecotServer:
        """A Dovecot for the users of this world, with these ports; the caller may change it."""
        return DovecotServer(
            name=name,
            ip=ip,
            run=self.folder / name,
            log=self.folder / f"{name}-mail.log",
            mail=self.folder / "mail",
            passwords=self.folder / "passwords",
            certificate=self._good,
            listeners=listeners,
        )

    def start_dovecot(self, wanted: DovecotServer) -> None:
        """Start it, and stop it with the world. Returns when all its ports answer."""
        config = self.folder / f"{wanted.name}.conf"
        wanted.write(config)
        server = self._run(wanted.name, "dovecot", "-F", "-c", str(config))
        ports = [port for port in wanted.listeners.values() if port]
        lmtp = wanted.run / "lmtp"
        server.wait_until(
            lambda: answers(wanted.ip, *ports) and (lmtp.exists() or not wanted.delivers)
        )

    def _write_passwords(self) -> None:
        lines = []
        for address, password in self.accounts.items():
            name = address.partition("@")[0]
            quota, closed = _QUOTAS.get(name, ""), _CLOSED.get(name, "")
            lines.append(password_line(address, password, quota=quota, closed=closed))
        (self.folder / "passwords").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def add_account(self, address: str, password: str) -> None:
        """A mailbox more, which Dovecot knows when this returns."""
        self.accounts[address] = password
        self._write_passwords()
        # Dovecot looks for changes of the file once a second at most.
        look_up = ["doveadm", "-c", str(self.folder / "dovecot.conf"), "user", address]
        for _ in range(100):
            if subprocess.run(look_up, capture_output=True, env=_with_sbin()).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError(f"Dovecot does not know {address}")

    def maildir(self, address: str) -> Path:
        """Where an account's mail lies."""
        return self.folder / "mail" / address / "Maildir"

    def messages(self, address: str, folder: str = "") -> list[Path]:
        """The messages of a folder (empty for INBOX)."""
        base = self.maildir(address)
        if folder:
            base = base / f".{folder}"
        return [path for part in ("new", "cur") for path in (base / part).glob("*")]

    def empty(self, address: str) -> None:
        """Remove what other tests left in a mailbox, in every folder."""
        base = self.maildir(address)
        for part in ("new", "cur"):
            for path in (*base.glob(f"{part}/*"), *base.glob(f".*/{part}/*")):
                path.unlink()

    def _fill_mailbox(self, address: str, kib: int) -> None:
        new = self.maildir(address) / "new"
        for part in ("tmp", "new", "cur"):
            (self.maildir(address) / part).mkdir(parents=True)
        body = "Subject: lleno\r\nFrom: a@b.test\r\n\r\n" + "x" * 70 + "\r\n"
        (new / "1.1.full").write_text(body + ("y" * 70 + "\r\n") * (kib * 1024 // 72))
        self._own(self.folder / "mail" / address)

    def put(self, address: str, message: bytes) -> None:
        """Lay a message into the INBOX, past every server."""
        maildir = self.maildir(address)
        for part in ("tmp", "new", "cur"):
            (maildir / part).mkdir(parents=True, exist_ok=True)
        self._extra_messages += 1
        name = f"{time.time_ns()}.{self._extra_messages}.put"
        (maildir / "tmp" / name).write_bytes(message)
        self._own(self.folder / "mail" / address)
        (maildir / "tmp" / name).rename(maildir / "new" / name)

    def deliver(self, address: str, message: bytes) -> None:
        """Hand a message to Dovecot's delivery, which follows the mailbox's rules."""
        subprocess.run(
            [
                *(DELIVERY, "-c", str(self.folder / "dovecot.conf")),
                *("-d", address, "-f", "sender@hoster.test"),
            ],
            input=message.replace(b"\r\n", b"\n"),
            check=True,
            capture_output=True,
            env=_with_sbin(),
        )

    def write_sieve(self, address: str, script: str) -> None:
        """Make this the active script of a mailbox, as its owner would over ManageSieve."""
        home = self.folder / "mail" / address
        scripts = home / "sieve"
        scripts.mkdir(parents=True, exist_ok=True)
        (scripts / "reglas.sieve").write_text(script)
        active = home / ".dovecot.sieve"
        active.unlink(missing_ok=True)
        active.symlink_to("sieve/reglas.sieve")
        self._own(home)

    def make_folders(self, address: str, *names: str) -> None:
        """Folders of a mailbox, empty."""
        for name in names:
            for part in ("tmp", "new", "cur"):
                (self.maildir(address) / f".{name}" / part).mkdir(parents=True, exist_ok=True)
            (self.maildir(address) / f".{name}" / "maildirfolder").touch()
        self._own(self.maildir(address).parent)

    def subscribe(self, address: str, *folders: str) -> None:
        """Let programs show just these folders of a mailbox."""
        maildir = self.maildir(address)
        maildir.mkdir(parents=True, exist_ok=True)
        (maildir / "subscriptions").write_text("".join(f"{name}\n" for name in folders))
        self._own(maildir.parent)

    def _own(self, path: Path) -> None:
        owner = pwd.getpwnam("mail")
        for each in (path, *path.rglob("*")):
            os.chown(each, owner.pw_uid, owner.pw_gid, follow_symlinks=False)

    def _start_postfix(self) -> None:
        folder = self.folder
        config, queue, data = folder / "postfix", folder / "queue", folder / "postfix-data"
        for each in (config, queue, data):
            each.mkdir()
        owner = pwd.getpwnam("postfix")
        os.chown(data, owner.pw_uid, owner.pw_gid)
        dovecot = folder / "dovecot"
        domains = " ".join((*DOMAINS, PENISCOLA, SHARED))
        (config / "certificates").write_text(
            f"mail.{SHARED} {self._other_name[1]} {self._other_name[0]}\n"
        )
        (config / "logins").write_text(
            "".join(f"{address} {address}\n" for address in self.accounts)
            + "pepe@bodega.test pepe\n",
            encoding="utf-8",
        )
        # Mail of this account is sent under a name that belongs to somebody else.
        logins = (config / "logins").read_text(encoding="utf-8")
        (config / "logins").write_text(
            logins.replace("ajena@faults.test ajena@", "ajena@faults.test ana@"), encoding="utf-8"
        )
        for name, table in (
            ("senders", SENDERS),
            ("recipients", RECIPIENTS),
            ("transports", TRANSPORTS),
        ):
            (config / name).write_text(table)
        (config / "main.cf").write_text(
            textwrap.dedent(
                f"""\
                compatibility_level = 3.6
                queue_directory = {queue}
                data_directory = {data}
                command_directory = /usr/sbin
                daemon_directory = /usr/lib/postfix/sbin
                mail_owner = postfix
                setgid_group = postdrop
                myhostname = mx.bodega.test
                mydestination =
                inet_interfaces = all
                inet_protocols = ipv4
                maillog_file = {folder}/postfix.log
                maillog_file_prefixes = {folder}
                virtual_mailbox_domains = {domains}
                virtual_transport = lmtp:unix:{dovecot}/lmtp
                message_size_limit = 12000000
                smtpd_tls_cert_file = {self._good[0]}
                smtpd_tls_key_file = {self._good[1]}
                tls_server_sni_maps = hash:{config}/certificates
                smtpd_sasl_type = dovecot
                smtpd_sasl_path = {dovecot}/auth-postfix
                smtpd_sasl_security_options = noanonymous
                smtpd_tls_auth_only = yes
                smtpd_sender_login_maps = texthash:{config}/logins
                smtpd_relay_restrictions = permit_sasl_authenticated, reject
                smtpd_sender_restrictions =
                    check_sender_access texthash:{config}/senders,
                    reject_sender_login_mismatch
                transport_maps = texthash:{config}/transports
                smtpd_recipient_restrictions =
                    check_recipient_access texthash:{config}/recipients,
                    check_policy_service unix:{dovecot}/quota-status,
                    permit_sasl_authenticated, reject
                smtpd_client_connection_count_limit = 0
                smtpd_delay_reject = no
                disable_dns_lookups = yes
                """
            )
        )
        (config / "master.cf").write_text(
            textwrap.dedent(
                f"""\
                {self.ip}:465 inet n - n - - smtpd
                  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
                {self.ip}:587 inet n - n - - smtpd
                  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
                {self.sign_in_ip}:465 inet n - n - - smtpd
                  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
                  -o smtpd_sasl_path={folder}/dovecot-oauth/auth-postfix
                {self.sign_in_ip}:587 inet n - n - - smtpd
                  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
                  -o smtpd_sasl_path={folder}/dovecot-oauth/auth-postfix
                pickup unix n - n 60 1 pickup
                cleanup unix n - n - 0 cleanup
                qmgr unix n - n 300 1 qmgr
                tlsmgr unix - - n 1000? 1 tlsmgr
                rewrite unix - - n - - trivial-rewrite
                bounce unix - - n - 0 bounce
                defer unix - - n - 0 bounce
                trace unix - - n - 0 bounce
                verify unix - - n - 1 verify
                flush unix n - n 1000? 0 flush
                proxymap unix - - n - - proxymap
                proxywrite unix - - n - 1 proxymap
                smtp unix - - n - - smtp
                relay unix - - n - - smtp
                showq unix n - n - - showq
                error unix - - n - - error
                retry unix - - n - - error
                discard unix - - n - - discard
                local unix - n n - - local
                virtual unix - n n - - virtual
                lmtp unix - - n - - lmtp
                anvil unix - - n - 1 anvil
                scache unix - - n - 1 scache
                postlog unix-dgram n - n - 1 postlogd
                """
            )
        )
        subprocess.run(
            ["postmap", "-c", str(config), "-F", f"hash:{config}/certificates"],
            check=True,
            env=_with_sbin(),
        )
        checked = subprocess.run(
            ["postfix", "-c", str(config), "check"],
            capture_output=True,
            text=True,
            env=_with_sbin(),
        )
        if checked.returncode != 0:
            raise RuntimeError(f"postfix: {checked.stdout}{checked.stderr}")
        server = self._run(
            "master", "/usr/lib/postfix/sbin/master", "-c", str(config), "-d",
            environment={"MAIL_CONFIG": str(config)},
            watched=True,
        )  # fmt: skip
        server.wait_until(lambda: answers(self.ip, 465, 587))

    def _start_nginx(self) -> None:
        folder = self.folder
        self.serve(
            "autoconfig.bodega.test",
            "/mail/config-v1.1.xml",
            clientconfig("imap.bodega.test", "bodega.test"),
        )
        self.serve(
            f"autoconfig.{PENISCOLA}",
            "/mail/config-v1.1.xml",
            clientconfig(f"mail.{PENISCOLA}", PENISCOLA),
        )
        self.serve(
            "autoconfig.onlyautoconfig.test",
            "/mail/config-v1.1.xml",
            clientconfig("mail.onlyautoconfig.test", "onlyautoconfig.test"),
        )
        self.serve(
            "wellknown.test",
            "/.well-known/autoconfig/mail/config-v1.1.xml",
            clientconfig("mail.wellknown.test", "wellknown.test"),
        )
        self.serve(
            "autoconfig.hoster.test",
            "/mail/config-v1.1.xml",
            clientconfig("mail.hoster.test", "hoster.test"),
        )
        self.serve("autoconfig.acceso.test", "/mail/config-v1.1.xml", SIGN_IN_CONFIG)
        self.serve("ua-auto-config.pacc.test", "/.well-known/user-agent-configuration.json", PACC)
        self.serve("autodiscover.outlookish.test", "/autodiscover/autodiscover.xml", AUTODISCOVER)
        for host in ("autoconfig.html200.test", "html200.test"):
            for path in (
                "/mail/config-v1.1.xml",
                "/.well-known/autoconfig/mail/config-v1.1.xml",
            ):
                self.serve(host, path, "<!DOCTYPE html><html><body>Welcome!</body></html>")
        config = folder / "nginx.conf"
        served = f"""\
            default_type text/xml;
            server {{
              listen {self.ip}:80;
              listen {self.ip}:443 ssl;
              ssl_certificate {self._good[0]};
              ssl_certificate_key {self._good[1]};
              root {folder}/www/$host;
              # The answer to a POST is the file, too.
              error_page 405 =200 $uri;
            }}
            """
        config.write_text(nginx(folder, served, log=f"{folder}/nginx-access.log"))
        server = self._run("nginx", "nginx", "-c", str(config), "-g", "daemon off;")
        server.wait_until(lambda: answers(self.ip, 80, 443))

    def serve(self, host: str, path: str, body: str | bytes) -> None:
        """Let nginx answer with this at once."""
        place = self.folder / "www" / host / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body.encode() if isinstance(body, str) else body)
        for each in (self.folder / "www").rglob("*"):
            each.chmod(0o755 if each.is_dir() else 0o644)

    def logins(self, *, service: str = "", user: str = "", server: str = "dovecot") -> int:
        """How often somebody has logged in at a Dovecot, by imap, pop3 or managesieve.

        Submission does not count: Postfix only asks whether a password is right.
        """
        return sum(
            service in ("", found["service"]) and user in ("", found["user"])
            for found in LOGGED_IN.finditer(self.log(f"{server}-mail"))
        )

    def log(self, name: str) -> str:
        """A server's log: dovecot-mail, postfix, nginx-error …"""
        return (self.folder / f"{name}.log").read_text(errors="replace")


def _free_loopback_address() -> str:
    """An address of 127.44/16 on which nobody listens, with room above it for more."""
    for _ in range(200):
        third, fourth = random.randint(1, 254), random.randrange(1, 250, 10)
        ip = f"127.44.{third}.{fourth}"
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((ip, 53))
        except OSError:
            continue
        return ip
    raise RuntimeError("no free loopback address")


def _with_sbin() -> dict[str, str]:
    return {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


def all_gone(pids: Iterable[int]) -> bool:
    """Whether none of these processes runs any more. One that nobody buried yet counts as gone."""
    return not any(_is_alive(pid) for pid in pids)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
