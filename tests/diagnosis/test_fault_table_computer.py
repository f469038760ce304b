"""Faults of this computer and its network in a whole check against real servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.check.run import run_check
from mailsetup.assistant.events import ignore
from mailsetup.model.settings import ProgramAccount, Protocol
from mailsetup.net.clock import SystemClock
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFailure, ConnectFault
from mailsetup.net.network import Network, open_network
from tests.support.fault_table import (
    HOST,
    TALKER,
    account,
    check,
    fault,
    named,
    options,
    requested,
    warned,
)
from tests.support.servers.real_servers import RealServers
from tests.support.servers.talkers import imap_talker, listening, pop3_talker, smtp_talker

pytestmark = pytest.mark.servers

PASSWORD = "correcto-17"


@pytest.fixture
async def net(servers: RealServers) -> AsyncIterator[Network]:
    async with open_network(options(servers)) as network:
        yield network


async def run(request: CheckRequest, net: Network) -> CheckReport:
    return await run_check(request, net, ignore, tuple)


@pytest.mark.fault("client.address.typo")
async def test_typing_error_in_the_domain_of_a_large_provider(servers: RealServers) -> None:
    wanted = account(domain="gmial.com", username="ana@faults.test")
    assert named(await check(options(servers), wanted, PASSWORD)) == "client.address.typo"


@pytest.mark.parametrize(
    ("identity", "online"),
    [fault("client.network.offline", False), fault("client.dns.broken", True)],
)
async def test_unreachable_name_server(
    servers: RealServers, identity: str, *, online: bool
) -> None:
    unreachable = replace(options(servers), resolver=("127.0.0.1", 9))
    async with open_network(unreachable) as net:
        request = requested(account(), PASSWORD)
        report = await run(request, replace(net, is_online=lambda: online))
    assert named(report) == identity


@pytest.mark.fault("client.network.port-blocked")
async def test_network_that_blocks_mail_ports(servers: RealServers, net: Network) -> None:
    async def connect(
        host: str, port: int, *, implicit_tls: bool, explain: bool = False
    ) -> Connection | ConnectFailure:
        if port == 465:
            return ConnectFailure(ConnectFault.TIMEOUT, host, port)
        if not host.endswith(".test"):
            # Servers elsewhere are reachable, too.
            host, port, implicit_tls = HOST, 993, False
        return await net.connect(host, port, implicit_tls=implicit_tls, explain=explain)

    report = await run(requested(account(), PASSWORD), replace(net, connect=connect))
    assert named(report) == "client.network.port-blocked"
    assert report.root_cause is not None
    assert report.root_cause.facts["open"] == "587"


@pytest.mark.fault("client.clock.wrong")
async def test_fast_clock_makes_valid_certificates_look_expired(servers: RealServers) -> None:
    # By this clock the certificate expired 30 days ago; servers elsewhere report an earlier date.
    date = format_datetime(datetime.now(UTC) - timedelta(days=40), usegmt=True)
    page = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Length: 7\r\n"

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{page}\r\nsuccess".encode())
        await writer.drain()

    async with listening(web) as place:
        routes = {("detectportal.firefox.com", 80): place}
        wanted = account(domain="expired.test", incoming="mail.expired.test")
        wanted = replace(wanted, outgoing=replace(wanted.outgoing, host="mail.expired.test"))
        report = await check(options(servers, routes), wanted, "correcto-12")
    assert named(report) == "client.clock.wrong"
    assert report.root_cause is not None
    assert report.root_cause.facts["offset"] == "40 d"


@pytest.mark.fault("client.tls.intercepted")
async def test_antivirus_that_intercepts_connections(servers: RealServers) -> None:
    antivirus = trustme.CA(organization_name="Avast Web/Mail Shield Root")
    async with imap_talker(antivirus, TALKER) as place:
        wanted = account(incoming=TALKER)
        report = await check(options(servers, {(TALKER, 993): place}), wanted, PASSWORD)
    assert named(report) == "client.tls.intercepted"


# Delays, and what a check does not touch -----------------------------------------------------


class SlowDeliveryClock(SystemClock):
    """A clock whose first sleep lasts 90 seconds, during which the message arrives."""

    def __init__(self, arrive: Callable[[], Awaitable[None]]) -> None:
        self._arrive = arrive
        self._ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead

    async def sleep(self, seconds: float) -> None:
        if not self._ahead:
            await self._arrive()
            self._ahead = 90.0
        await super().sleep(seconds)


@pytest.mark.fault("hosting.message.delayed")
async def test_message_delayed_by_more_than_a_minute(servers: RealServers) -> None:
    taken: list[bytes] = []

    async def arrive() -> None:
        servers.mailboxes.put("ana@faults.test", taken[0])

    async with (
        smtp_talker(servers.certificates.ca, TALKER, deliver=taken.append) as place,
        open_network(options(servers, {(TALKER, 465): place})) as net,
    ):
        request = requested(account(outgoing=TALKER), PASSWORD, wait=120.0)
        report = await run(request, replace(net, clock=SlowDeliveryClock(arrive)))
    assert "hosting.message.delayed" in warned(report)


@pytest.mark.fault("account.pop3.empties")
async def test_maildrop_that_is_emptied_by_reading_is_not_read(servers: RealServers) -> None:
    answers = {
        "CAPA": "+OK\r\nSASL PLAIN\r\nUIDL\r\nEXPIRE 0\r\n.\r\n",
        "AUTH": "+OK\r\n",
        "STAT": "+OK 0 0\r\n",
        "UIDL": "+OK\r\n.\r\n",
    }
    async with pop3_talker(servers.certificates.ca, TALKER, answers=answers) as place:
        wanted = account()
        incoming = replace(wanted.incoming, protocol=Protocol.POP3, host=TALKER, port=995)
        network = options(servers, {(TALKER, 995): place})
        report = await check(network, replace(wanted, incoming=incoming), PASSWORD)
    assert "account.pop3.empties" in warned(report)


@pytest.mark.fault("account.folders.unsubscribed")
async def test_spam_folder_that_is_not_subscribed(servers: RealServers) -> None:
    address = "escondidas@bodega.test"
    servers.add_account(address, PASSWORD)
    servers.mailboxes.subscribe(address, "Sent")
    wanted = account("escondidas", "imap.bodega.test", "smtp.bodega.test", "bodega.test")
    report = await check(options(servers), wanted, PASSWORD, send=False)
    assert "account.folders.unsubscribed" in warned(report)
    found = next(one for one in report.findings if one.id == "account.folders.unsubscribed")
    assert found.facts["folders"] == ("Junk",)


@pytest.mark.fault("client.check.incomplete")
async def test_defect_in_one_check_does_not_affect_the_results_of_the_others(
    servers: RealServers, net: Network
) -> None:
    def programs() -> tuple[ProgramAccount, ...]:
        raise RecursionError

    wanted = account("ana")
    request = requested(wanted, servers.accounts[wanted.address.ascii])
    report = await run_check(request, net, ignore, programs)
    assert named(report) == "client.check.incomplete"
    assert report.round_trip is not None
    assert report.incoming is not None
    assert report.outgoing is not None
