"""The mail system of the demo: servers on loopback, to try everything without an account.

IMAP, submission, DNS and HTTPS servers with a temporary certificate authority. The program reaches
them through `NetworkOptions` only, so its engine has no code for the demo.
"""

import asyncio
import importlib.util
import ssl
import tempfile
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mailsetup.apply.installation import Computer
from mailsetup.demo.accounts import ACCOUNTS, PASSWORDS, DemoAccount
from mailsetup.demo.computer import demo_computer
from mailsetup.model.network_options import NetworkOptions

if TYPE_CHECKING:
    import trustme

    from mailsetup.demo.mailboxes import Mailboxes, Submission
    from mailsetup.demo.name_server import Records

LOOPBACK = "127.0.0.1"

_GOOD_HOSTS = (
    "imap.demo.test",
    "smtp.demo.test",
    "mail.vinos.test",
    "mail.hoster.test",
    "autoconfig.demo.test",
    "autoconfig.hoster.test",
)
_OTHER_NAME_HOST = "mail.otronombre.test"
_OPEN_HOST = "mail.sincifrar.test"

_PARTS = ("aiosmtpd", "pymap", "trustme")


def missing_parts() -> list[str]:
    """Libraries of the ``demo`` extra that are not installed."""
    return [name for name in _PARTS if importlib.util.find_spec(name) is None]


class DemoMailSystem:
    """The servers, in a thread of their own. A context manager, or `start` and `stop` it."""

    accounts: tuple[DemoAccount, ...] = ACCOUNTS

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._options = NetworkOptions()
        self._computer: Computer | None = None

    @property
    def computer(self) -> Computer:
        """The computer on which mail programs are set up; `stop` removes its home folder."""
        if self._computer is None:
            raise RuntimeError("the demo was not started")
        return self._computer

    @property
    def options(self) -> NetworkOptions:
        """The network options with which the program reaches the servers."""
        return self._options

    def start(self) -> None:
        """Start all servers and return when they listen. Raises OSError, SSLError, ImportError."""
        self._folder = tempfile.TemporaryDirectory(prefix="mailsetup-demo-")
        self._computer = demo_computer(Path(self._folder.name))
        listening = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(listening,), name="demo servers", daemon=True
        )
        self._thread.start()
        listening.wait()
        if self._failure is not None:
            self.stop()
            raise self._failure

    def stop(self) -> None:
        """Stop all servers and remove their files."""
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> "DemoMailSystem":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, listening: threading.Event) -> None:
        try:
            asyncio.run(self._serve(listening))
        except (OSError, ssl.SSLError, ImportError) as error:
            self._failure = error
        finally:
            listening.set()

    async def _serve(self, listening: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        # A search for servers closes most connections during a dialogue, and so does the end of the
        # demo. The errors of pymap and asyncio about that are not reported.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        async with AsyncExitStack() as stack:
            self._options = await _Servers(Path(self._folder_name()), stack).start()
            listening.set()
            await self._stopping.wait()

    def _folder_name(self) -> str:
        if self._folder is None:
            raise RuntimeError("the demo was not started")
        return self._folder.name


class _Servers:
    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self._folder = folder
        self._stack = stack

    async def start(self) -> NetworkOptions:
        import trustme

        from mailsetup.demo.mailboxes import Mailboxes, Submission

        authority = trustme.CA()
        ca_file = self._folder / "ca.pem"
        authority.cert_pem.write_to_path(str(ca_file))
        good = _context(authority, *_GOOD_HOSTS)
        other = _context(authority, "srv12.hoster.test")
        mailboxes = Mailboxes()
        for address, password in PASSWORDS.items():
            await mailboxes.add(address, password)
        submission = Submission(mailboxes, PASSWORDS)
        routes: dict[tuple[str, int], tuple[str, int]] = {}

        async def mail(hosts: tuple[str, ...], context: ssl.SSLContext) -> None:
            ports = {
                993: await self._imap(mailboxes, context, None, protected=True),
                143: await self._imap(mailboxes, None, context, protected=False),
                465: await self._smtp(submission, context, None, protected=True),
                587: await self._smtp(submission, None, context, protected=False),
            }
            routes.update({(h, port): (LOOPBACK, p) for h in hosts for port, p in ports.items()})

        await mail(_GOOD_HOSTS, good)
        await mail((_OTHER_NAME_HOST,), other)
        routes[_OPEN_HOST, 143] = (
            LOOPBACK,
            await self._imap(mailboxes, None, None, protected=False),
        )
        routes[_OPEN_HOST, 587] = (
            LOOPBACK,
            await self._smtp(submission, None, None, protected=False),
        )
        web = await self._listen(_serve_document, good)
        for host in ("autoconfig.demo.test", "autoconfig.hoster.test"):
            routes[host, 443] = (LOOPBACK, web)
        resolver = await self._dns(_records())
        return NetworkOptions(
            resolver=(LOOPBACK, resolver), ca_files=(ca_file,), routes=routes, use_proxy=False
        )

    async def _imap(
        self,
        mailboxes: "Mailboxes",
        context: ssl.SSLContext | None,
        starttls: ssl.SSLContext | None,
        *,
        protected: bool,
    ) -> int:
        return await self._listen(mailboxes.imap(starttls, protected=protected), context)

    async def _smtp(
        self,
        submission: "Submission",
        context: ssl.SSLContext | None,
        starttls: ssl.SSLContext | None,
        *,
        protected: bool,
    ) -> int:
        server = await asyncio.get_running_loop().create_server(
            partial(submission.protocol, starttls, protected=protected), LOOPBACK, 0, ssl=context
        )
        return self._port_of(server)

    async def _listen(
        self,
        answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        context: ssl.SSLContext | None,
    ) -> int:
        return self._port_of(await asyncio.start_server(answer, LOOPBACK, 0, ssl=context))

    def _port_of(self, server: asyncio.Server) -> int:
        self._stack.callback(server.close)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def _dns(self, records: "Records") -> int:
        """Start the name server on one free port for UDP and TCP."""
        from mailsetup.demo.name_server import NameServer

        names = NameServer(records)
        port = await self._listen(names.serve_tcp, None)
        transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: names, local_addr=(LOOPBACK, port)
        )
        self._stack.callback(transport.close)
        return port


def _context(authority: "trustme.CA", *hosts: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context


def _records() -> "Records":
    records: dict[tuple[str, str], list[str]] = {}

    def address(*hosts: str) -> None:
        for host in hosts:
            records[host, "A"] = [LOOPBACK]

    def srv(domain: str, label: str, port: int, host: str) -> None:
        records[f"{label}._tcp.{domain}", "SRV"] = [f"0 1 {port} {host}."]

    address(*_GOOD_HOSTS, _OTHER_NAME_HOST, _OPEN_HOST)
    records["demo.test", "MX"] = ["10 imap.demo.test."]
    records["vinos.test", "MX"] = ["10 mail.vinos.test."]
    srv("vinos.test", "_imaps", 993, "mail.vinos.test")
    srv("vinos.test", "_submissions", 465, "mail.vinos.test")
    records["lejos.test", "MX"] = ["10 mail.hoster.test."]
    for domain in ("demo.test", "vinos.test", "lejos.test"):
        records[domain, "TXT"] = ['"v=spf1 mx -all"']
        records[f"_dmarc.{domain}", "TXT"] = ['"v=DMARC1; p=none"']
    records["sincorreo.test", "TXT"] = ['"v=spf1 -all"']
    records["otronombre.test", "MX"] = [f"10 {_OTHER_NAME_HOST}."]
    srv("otronombre.test", "_imaps", 993, _OTHER_NAME_HOST)
    srv("otronombre.test", "_submissions", 465, _OTHER_NAME_HOST)
    records["sincifrar.test", "MX"] = [f"10 {_OPEN_HOST}."]
    srv("sincifrar.test", "_imap", 143, _OPEN_HOST)
    srv("sincifrar.test", "_submission", 587, _OPEN_HOST)
    return records


_DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1"><emailProvider id="{domain}">
  <domain>{domain}</domain><displayName>{name}</displayName>
  <incomingServer type="imap"><hostname>{imap}</hostname><port>993</port>
    <socketType>SSL</socketType><authentication>password-cleartext</authentication>
    <username>%EMAILADDRESS%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>{smtp}</hostname><port>465</port>
    <socketType>SSL</socketType><authentication>password-cleartext</authentication>
    <username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>
"""

_DOCUMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "autoconfig.demo.test": _DOCUMENT.format(
            domain="demo.test", name="Demo Hosting", imap="imap.demo.test", smtp="smtp.demo.test"
        ),
        "autoconfig.hoster.test": _DOCUMENT.format(
            domain="hoster.test", name="Hoster", imap="mail.hoster.test", smtp="mail.hoster.test"
        ),
    }
)


async def _serve_document(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one GET request with an autoconfig document."""
    try:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = urlsplit(request[0].split(" ")[1]).path
        host = next((line[5:].strip() for line in request if line.lower().startswith("host:")), "")
        document = _DOCUMENTS.get(host) if path == "/mail/config-v1.1.xml" else None
        status = "200 OK" if document else "404 Not Found"
        body = (document or "").encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ConnectionError):
        pass  # the client closed the connection, or it was not HTTP
    finally:
        writer.close()
