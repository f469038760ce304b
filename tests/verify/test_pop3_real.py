"""Logging in and fetching by POP3 at a real Dovecot, with a real Postfix before it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import (
    Confidence,
    DialogueFailure,
    DialogueFault,
    LoggedIn,
    RoundTrip,
    RoundTripOutcome,
    Stage,
)
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from mailsetup.net.clock import SystemClock
from mailsetup.net.network import Network, open_network
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.pop3.session import Pop3Session
from mailsetup.verify.pop3_mailbox import Pop3Mailbox
from mailsetup.verify.round_trip import round_trip
from mailsetup.verify.smtp import SmtpSession
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers

HOST = "imap.bodega.test"
LOCKING = "locking-pop.bodega.test"
ANA = "ana@bodega.test"
BOTH = pytest.mark.parametrize("security", [SocketType.TLS, SocketType.STARTTLS])


@pytest.fixture
async def net(servers: RealServers) -> AsyncIterator[Network]:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as network:
        yield network


@pytest.fixture(scope="module")
def locking(servers: RealServers) -> str:
    """A Dovecot for the same people that lets only one session into a maildrop."""
    octets = servers.ip.split(".")
    # The servers use the next addresses for further Dovecots.
    ip = ".".join([*octets[:2], str(int(octets[2]) % 254 + 1), octets[3]])
    server = servers.dovecot_server("locking-pop", ip, pop3=110, pop3s=995)
    certificate = servers.certificates.issue("locking-pop", LOCKING)
    servers.start_dovecot(
        replace(server, tls="required", certificate=certificate, locks_maildrop=True)
    )
    servers.name_server.add(f"{LOCKING}. A {ip}")
    return LOCKING


def pop3(username: str, security: SocketType = SocketType.TLS, host: str = HOST) -> ServerSettings:
    port = 995 if security is SocketType.TLS else 110
    return ServerSettings(Protocol.POP3, host, port, security, username)


async def opened(server: ServerSettings, net: Network) -> Pop3Session:
    session = await open_as(Pop3Session, server, net)
    assert isinstance(session, Pop3Session), session
    return session


@BOTH
@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ("SASL SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN", "SCRAM-SHA-256"),
        ("SASL SCRAM-SHA-1", "SCRAM-SHA-1"),
        ("SASL PLAIN", "PLAIN"),
        ("SASL LOGIN", "LOGIN"),
        ("SASL CRAM-MD5", "CRAM-MD5"),
        ("USER", "USER/PASS"),
    ],
)
async def test_each_mechanism_logs_in_at_dovecot(
    servers: RealServers, net: Network, security: SocketType, offered: str, expected: str
) -> None:
    async with await opened(pop3(ANA, security), net) as session:
        # Of all that the server has, only this is left to be chosen from.
        session.resume([offered])
        proof = await log_in(session, Secret(servers.accounts[ANA]), net)
        assert isinstance(proof, LoggedIn), proof
        assert proof.mechanism == expected
        assert proof.tls_version in ("TLSv1.2", "TLSv1.3")
        assert (await session.stat())[0] >= 0


@BOTH
async def test_of_everything_that_dovecot_has_the_safest_is_used(
    servers: RealServers, net: Network, security: SocketType
) -> None:
    address = "eñe@bodega.test"
    async with await opened(pop3(address, security), net) as session:
        proof = await log_in(session, Secret(servers.accounts[address]), net)
    assert isinstance(proof, LoggedIn), proof
    assert proof.mechanism == "SCRAM-SHA-256"
    assert {"TOP", "UIDL", "SASL", "AUTH-RESP-CODE"} <= set(proof.capabilities)


@pytest.mark.parametrize("offered", ["SASL PLAIN", "SASL SCRAM-SHA-256", "SASL CRAM-MD5", "USER"])
async def test_a_wrong_password_is_refused_with_the_right_class(net: Network, offered: str) -> None:
    async with await opened(pop3(ANA), net) as session:
        session.resume([offered, "AUTH-RESP-CODE"])
        failure = await log_in(session, Secret("falsch-99"), net)
    assert isinstance(failure, DialogueFailure)
    assert (failure.stage, failure.error) == (Stage.LOGIN, DialogueFault.AUTH_WRONG)
    assert failure.code == "-ERR [AUTH]"
    assert failure.confidence is Confidence.CERTAIN


async def test_a_certificate_for_another_name_is_told_on_both_ports(
    servers: RealServers, net: Network
) -> None:
    for security in (SocketType.TLS, SocketType.STARTTLS):
        failure = await open_as(Pop3Session, pop3("x", security, "mail.shared.test"), net)
        assert isinstance(failure, DialogueFailure)
        assert failure.error is DialogueFault.CERTIFICATE_WRONG_NAME
        assert failure.certificate is not None
        assert failure.certificate.names == ("srv12.hoster.test",)


async def test_the_wrong_kind_of_tls_is_told_on_both_ports(net: Network) -> None:
    for security, port in ((SocketType.TLS, 110), (SocketType.STARTTLS, 995)):
        server = ServerSettings(Protocol.POP3, HOST, port, security, ANA)
        failure = await open_as(Pop3Session, server, net)
        assert isinstance(failure, DialogueFailure)
        assert failure.error is DialogueFault.WRONG_TLS_MODE


# A message goes round ---------------------------------------------------------------------------


def contents(servers: RealServers, address: str) -> dict[str, bytes]:
    """The messages by their lasting file name with their flags."""
    return {_lasting(path): path.read_bytes() for path in servers.mailboxes.messages(address)}


def _lasting(path: Path) -> str:
    name, _, flags = path.name.partition(":2,")
    return f"{name}:{flags}"


@pytest.fixture
async def full(servers: RealServers, net: Network) -> AsyncIterator[str]:
    """An address whose mailbox holds messages of other people's."""
    address = "ana@mxhosted.test"
    session = await open_as(SmtpSession, _smtp(address), net)
    assert not isinstance(session, DialogueFailure), session
    async with session:
        await log_in(session, Secret(servers.accounts[address]), net)
        for number in range(3):
            text = f"Subject: other {number}\r\nFrom: {address}\r\n\r\n.dot\r\n" + "x" * 900
            await session.send(address, address, text.encode() + b"\r\n")
    while len(servers.mailboxes.messages(address)) < 3:
        await net.clock.sleep(0.05)
    yield address
    for path in servers.mailboxes.messages(address):
        path.unlink()


def _smtp(address: str) -> ServerSettings:
    return ServerSettings(Protocol.SMTP, "smtp.bodega.test", 465, SocketType.TLS, address)


async def travel(
    servers: RealServers, net: Network, server: ServerSettings, mib: int
) -> RoundTripOutcome:
    address = EmailAddress(*server.username.split("@"))
    secret = Secret(servers.accounts[server.username])
    account = Account(address, server, _smtp(server.username), "Ana Ñandú")
    sending = await open_as(SmtpSession, account.outgoing, net)
    assert not isinstance(sending, DialogueFailure), sending
    async with sending:
        assert isinstance(await log_in(sending, secret, net), LoggedIn)
        return await round_trip(
            Pop3Mailbox(server, secret), sending, account, net, attachment_mib=mib, wait=60.0
        )


@BOTH
@pytest.mark.parametrize("mib", [0, 2])
async def test_a_message_goes_round_and_leaves_the_others_untouched(
    servers: RealServers, net: Network, full: str, security: SocketType, mib: int
) -> None:
    before = contents(servers, full)
    outcome = await travel(servers, net, pop3(full, security), mib)
    assert isinstance(outcome, RoundTrip), outcome
    assert outcome.folder == "INBOX"
    assert outcome.attachment_intact
    assert outcome.cleaned_up
    assert outcome.size > mib * 1024 * 1024
    assert contents(servers, full) == before


async def test_a_session_that_ends_without_quit_removes_nothing(
    servers: RealServers, net: Network, full: str
) -> None:
    secret = Secret(servers.accounts[full])
    before = contents(servers, full)
    for way in ("hang up", "take back"):
        async with await opened(pop3(full), net) as session:
            assert isinstance(await log_in(session, secret, net), LoggedIn)
            names = await session.uidl()
            assert names is not None
            assert [number for number, _uid in names] == [1, 2, 3]
            await session.delete(2)
            if way == "hang up":
                session.close()
            else:
                await session.reset()
                await session.quit()
    assert contents(servers, full) == before


async def test_messages_are_read_as_they_lie_there(
    servers: RealServers, net: Network, full: str
) -> None:
    async with await opened(pop3(full), net) as session:
        await log_in(session, Secret(servers.accounts[full]), net)
        count, octets = await session.stat()
        sizes = await session.sizes()
        assert (count, octets) == (3, sum(sizes.values()))
        assert await session.size(1) == sizes[1]
        header = await session.top(1)
        whole = await session.retrieve(1, 100_000)
    assert header is not None
    assert whole.startswith(header.rstrip())
    assert len(whole) == sizes[1]
    assert b"\r\n.dot\r\n" in whole
    lying = {path.read_bytes().replace(b"\r\n", b"\n") for path in servers.mailboxes.messages(full)}
    assert whole.replace(b"\r\n", b"\n") in lying


class LeavingClock(SystemClock):
    """The first pause lasts until the other session has left, however long that takes."""

    def __init__(self, leave: Callable[[], Awaitable[None]]) -> None:
        self._leave = leave
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == 1:
            await self._leave()
        else:
            await super().sleep(seconds)


async def test_a_maildrop_in_use_is_told_as_such_and_waited_for(
    servers: RealServers, net: Network, locking: str
) -> None:
    address = "ana@wellknown.test"
    servers.mailboxes.empty(address)
    secret = Secret(servers.accounts[address])
    server = pop3(address, host=locking)
    async with await opened(server, net) as other, await opened(server, net) as second:
        assert isinstance(await log_in(other, secret, net), LoggedIn)
        # The server lets both wait for ten seconds before it says no: they wait side by side.
        refused = asyncio.create_task(log_in(second, secret, net))

        async def leave() -> None:
            await asyncio.wait([refused])
            await other.quit()

        clock = LeavingClock(leave)
        outcome = await travel(servers, replace(net, clock=clock), server, 0)
        failure = await refused
    assert isinstance(failure, DialogueFailure)
    assert (failure.error, failure.code) == (DialogueFault.IN_USE, "-ERR [IN-USE]")
    # Not before the maildrop was free was anything sent.
    assert clock.pauses[0] == 5.0
    assert isinstance(outcome, RoundTrip), outcome
    assert servers.mailboxes.messages(address) == []
