"""Misbehaving servers in a whole check: always a diagnosis, in time and in little memory."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.diagnosis.catalogue import explain
from mailsetup.model.settings import Protocol
from tests.support.fault_table import HOST, TALKER, account, check, options
from tests.support.servers.real_servers import RealServers
from tests.support.servers.talkers import Talk, listening, server_context

pytestmark = pytest.mark.servers

MIB = 1024 * 1024
BUDGET = 60.0
"""Seconds for one check, far more than any of these may take."""


def sane(report: CheckReport) -> None:
    """The report has a diagnosis, and its texts are sanitised and cut."""
    assert report.first_broken is not None or report.is_healthy
    for finding in report.findings:
        command = explain(finding)
        values = [*finding.evidence.values(), command.title, command.advice]
        for value in map(str, values):
            assert value.isprintable()
            assert len(value) < 2500


# Connections that end in the middle ----------------------------------------------------------


@dataclass
class Cut:
    """Closes every connection after so many reads from the server."""

    bursts: int
    happened: bool = False

    @asynccontextmanager
    async def before(self, ip: str, port: int) -> AsyncIterator[tuple[str, int]]:
        """A proxy to a real server."""

        async def there(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
            writer.close()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection(ip, port)
            asking = asyncio.create_task(there(reader, far_writer))
            try:
                for _ in range(self.bursts):
                    data = await far_reader.read(1 << 16)
                    if not data:
                        return
                    writer.write(data)
                    await writer.drain()
                self.happened = True
            finally:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
                far_writer.transport.abort()

        async with listening(talk) as place:
            yield place


@pytest.mark.parametrize(
    ("protocol", "port"),
    [(Protocol.IMAP, 993), (Protocol.IMAP, 465), (Protocol.IMAP, 4190), (Protocol.POP3, 995)],
    ids=["imap", "smtp", "managesieve", "pop3"],
)
async def test_connection_that_ends_at_any_step_yields_a_diagnosis(
    servers: RealServers, protocol: Protocol, port: int
) -> None:
    wanted = account()
    host = HOST
    if protocol is Protocol.POP3:
        incoming = replace(wanted.incoming, protocol=Protocol.POP3, port=995)
        wanted = replace(wanted, incoming=incoming)
    broken = 0
    for bursts in range(60):
        cut = Cut(bursts)
        async with cut.before(servers.ip, port) as place, asyncio.timeout(BUDGET):
            network = options(servers, {(host, port): place})
            report = await check(network, wanted, "correcto-17", wait=2.0)
        sane(report)
        broken += not report.is_healthy
        for left in servers.mailboxes.messages("ana@faults.test"):
            left.unlink()
        if not cut.happened:
            break
    else:
        raise AssertionError("the connection was cut each time, and the check did not end")
    assert report.is_proven, report.findings
    # Rules are optional: a failure to read them breaks nothing.
    assert broken == 0 if port == 4190 else broken > 3


# Servers that send too much -------------------------------------------------------------------

_GREETINGS = {"imap": b"* OK ready\r\n", "smtp": b"220 ready\r\n", "pop3": b"+OK ready\r\n"}
_IMAP = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN QUOTA IDLE\r\n",
    b"AUTHENTICATE": b"* CAPABILITY IMAP4rev1 QUOTA IDLE\r\n",
    b"LIST": b'* LIST () "/" INBOX\r\n',
    b"STATUS": b"* STATUS INBOX (UIDNEXT 1)\r\n",
}
_SMTP = {
    b"EHLO": b"250-talker\r\n250-SIZE 9000000\r\n250 AUTH PLAIN\r\n",
    b"AUTH": b"235 2.7.0 in\r\n",
    b"DATA": b"354 go on\r\n",
}
_POP3 = {
    b"CAPA": b"+OK\r\nSASL PLAIN\r\nUIDL\r\nTOP\r\n.\r\n",
    b"STAT": b"+OK 0 0\r\n",
    b"UIDL": b"+OK\r\n.\r\n",
}


def flooding(protocol: str, at: bytes, chunk: bytes, total: int = 100 * MIB) -> Talk:
    """A server that is correct until this command ("" for the greeting), then never stops."""

    async def flood(writer: asyncio.StreamWriter) -> None:
        for _ in range(total // len(chunk)):
            if writer.transport.is_closing():
                return
            writer.write(chunk)
            await writer.drain()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not at:
            await flood(writer)
            return
        writer.write(_GREETINGS[protocol])
        while line := await reader.readline():
            tag, _blank, rest = line.strip().partition(b" ")
            command = (rest if protocol == "imap" else line.strip()).upper()
            if command.startswith(at):
                await flood(writer)
                return
            if protocol == "imap":
                known = next((a for word, a in _IMAP.items() if command.startswith(word)), b"")
                writer.write(known + tag + b" OK done\r\n")
            else:
                answers, fine = (
                    (_SMTP, b"250 2.0.0 ok\r\n") if protocol == "smtp" else (_POP3, b"+OK\r\n")
                )
                known = next((a for word, a in answers.items() if command.startswith(word)), fine)
                writer.write(known)

    return talk


LINE = b"x" * 65536
LITERALS = b'* LIST () "/" {60000}\r\n' + b"y" * 60000 + b"\r\n"


@pytest.mark.parametrize(
    ("protocol", "at", "chunk"),
    [
        ("imap", b"", LINE),
        ("imap", b"CAPABILITY", (b"* CAPABILITY " + b"A" * 60 + b"\r\n") * 500),
        ("imap", b"AUTHENTICATE", b"* OK [ALERT] hello there\r\n" * 500),
        ("imap", b"GETQUOTAROOT", LITERALS),
        ("imap", b"LIST", LITERALS),
        ("imap", b"LIST", LINE),
        ("imap", b"STATUS", b"* STATUS INBOX (UIDNEXT 1)\r\n" * 500),
        ("imap", b"UID FETCH", b"* 1 FETCH (UID 1 BODY[] {60000}\r\n" + b"z" * 60000 + b")\r\n"),
        ("smtp", b"", LINE),
        ("smtp", b"", b"220-never ready\r\n" * 500),
        ("smtp", b"EHLO", b"250-MORE AND MORE\r\n" * 500),
        ("smtp", b"MAIL", LINE),
        ("pop3", b"", LINE),
        ("pop3", b"CAPA", b"+OK\r\n" + b"MORE\r\n" * 500),
        ("pop3", b"UIDL", b"+OK\r\n" + b"1 uid-and-more-of-it\r\n" * 3000),
    ],
    ids=lambda value: value[:20].decode("ascii", "replace") if isinstance(value, bytes) else value,
)
async def test_flood_of_100_mib_yields_a_diagnosis_in_little_memory(
    servers: RealServers, protocol: str, at: bytes, chunk: bytes
) -> None:
    wanted = account()
    port = {"imap": 993, "smtp": 465, "pop3": 995}[protocol]
    if protocol == "smtp":
        wanted = replace(wanted, outgoing=replace(wanted.outgoing, host=TALKER))
    else:
        kind = Protocol.POP3 if protocol == "pop3" else Protocol.IMAP
        incoming = replace(wanted.incoming, protocol=kind, host=TALKER, port=port)
        wanted = replace(wanted, incoming=incoming)
    context = server_context(servers.certificates.ca, TALKER)
    # Memory for modules that are imported only once does not count.
    await check(options(servers), account(), "correcto-17", send=False)
    async with listening(flooding(protocol, at, chunk), context) as place:
        network = options(servers, {(TALKER, port): place})
        tracemalloc.start()
        try:
            async with asyncio.timeout(BUDGET):
                report = await check(network, wanted, "correcto-17", wait=2.0)
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    sane(report)
    assert not report.is_healthy
    assert peak < 50 * MIB


# Hostile texts --------------------------------------------------------------------------------

HOSTILE = {
    "nul": b"\0\0",
    "invalid utf-8": b"\xff\xfe\xc3",
    "ansi": b"\x1b[31m\x1b]0;title\x07",
    "html": b"<script>alert(1)</script><b>",
    "right to left": "\u202etxt.exe".encode(),
}


@pytest.mark.parametrize("noise", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_hostile_refusal_text_is_sanitised(
    servers: RealServers, protocol: str, noise: bytes
) -> None:
    refusal = {
        "imap": b"{tag} NO [AUTHENTICATIONFAILED] wrong " + noise + b"\r\n",
        "smtp": b"535 5.7.8 wrong " + noise + b"\r\n",
    }[protocol]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_GREETINGS[protocol])
        while line := await reader.readline():
            tag, _blank, rest = line.strip().partition(b" ")
            command = (rest if protocol == "imap" else line.strip()).upper()
            if command.startswith((b"AUTHENTICATE", b"AUTH ")):
                writer.write(refusal.replace(b"{tag}", tag))
            elif protocol == "imap":
                known = next((a for word, a in _IMAP.items() if command.startswith(word)), b"")
                writer.write(known + tag + b" OK done\r\n")
            else:
                writer.write(_SMTP.get(command.split(b" ")[0], b"250 2.0.0 ok\r\n"))

    context = server_context(servers.certificates.ca, TALKER)
    async with listening(talk, context) as place:
        wanted = account(**{"incoming" if protocol == "imap" else "outgoing": TALKER})
        port = 993 if protocol == "imap" else 465
        report = await check(options(servers, {(TALKER, port): place}), wanted, "correcto-17")
    sane(report)
    assert report.root_cause is not None
    assert report.root_cause.id == "account.login.refused"
