"""Logging in and sending on real servers, by each way there is."""

from collections.abc import AsyncIterator

import pytest

from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import DialogueFailure, LoggedIn, RoundTrip
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from mailsetup.net.network import Network, open_network
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.imap_mailbox import ImapMailbox
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.round_trip import round_trip
from mailsetup.verify.smtp import SmtpSession
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


@pytest.fixture
async def net(servers: RealServers) -> AsyncIterator[Network]:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as network:
        yield network


def imap(host: str, username: str, security: SocketType = SocketType.TLS) -> ServerSettings:
    port = 993 if security is SocketType.TLS else 143
    return ServerSettings(Protocol.IMAP, host, port, security, username)


def smtp(username: str, security: SocketType = SocketType.TLS) -> ServerSettings:
    port = 465 if security is SocketType.TLS else 587
    return ServerSettings(Protocol.SMTP, "smtp.bodega.test", port, security, username)


@pytest.mark.parametrize(
    ("mechanisms", "expected"),
    [
        ("scram-sha-256", "SCRAM-SHA-256"),
        ("scram-sha-1", "SCRAM-SHA-1"),
        ("cram-md5", "CRAM-MD5"),
        ("plain", "PLAIN"),
        ("login", "LOGIN"),
    ],
)
async def test_each_mechanism_logs_in_at_dovecot(
    servers: RealServers, net: Network, mechanisms: str, expected: str
) -> None:
    host = f"{mechanisms}.bodega.test"
    servers.extra_dovecot(host, mechanisms=mechanisms)
    session = await open_as(ImapSession, imap(host, "ana@bodega.test"), net)
    assert not isinstance(session, DialogueFailure), session
    async with session:
        proof = await log_in(session, Secret(servers.accounts["ana@bodega.test"]), net)
    assert isinstance(proof, LoggedIn), proof
    # Without SASL PLAIN or LOGIN offered, the LOGIN command is still a way where it is allowed.
    assert proof.mechanism == expected
    assert proof.tls_version in ("TLSv1.2", "TLSv1.3")
    assert proof.quota is not None


@pytest.mark.parametrize("security", [SocketType.TLS, SocketType.STARTTLS])
async def test_names_and_passwords_beyond_ascii_log_in(
    servers: RealServers, net: Network, security: SocketType
) -> None:
    address = "eñe@bodega.test"
    secret = Secret(servers.accounts[address])
    receiving = await open_as(ImapSession, imap("imap.bodega.test", address, security), net)
    assert not isinstance(receiving, DialogueFailure), receiving
    async with receiving:
        assert isinstance(await log_in(receiving, secret, net), LoggedIn)
    sending = await open_as(SmtpSession, smtp(address, security), net)
    assert not isinstance(sending, DialogueFailure), sending
    async with sending:
        proof = await log_in(sending, secret, net)
    assert isinstance(proof, LoggedIn), proof
    assert proof.size_limit == 12_000_000


@pytest.mark.parametrize("security", [SocketType.TLS, SocketType.STARTTLS])
@pytest.mark.parametrize("mib", [0, 2])
async def test_a_message_goes_round_and_leaves_no_trace(
    servers: RealServers, net: Network, security: SocketType, mib: int
) -> None:
    address = EmailAddress("ana", "wellknown.test")
    servers.mailboxes.empty(address.ascii)
    secret = Secret(servers.accounts[address.ascii])
    account = Account(
        address,
        imap("imap.bodega.test", address.ascii, security),
        smtp(address.ascii, security),
        "Ana Ñandú",
    )
    receiving = await open_as(ImapSession, account.incoming, net)
    sending = await open_as(SmtpSession, account.outgoing, net)
    assert not isinstance(receiving, DialogueFailure), receiving
    assert not isinstance(sending, DialogueFailure), sending
    async with receiving, sending:
        assert isinstance(await log_in(receiving, secret, net), LoggedIn)
        assert isinstance(await log_in(sending, secret, net), LoggedIn)
        outcome = await round_trip(
            ImapMailbox(receiving), sending, account, net, attachment_mib=mib, wait=20.0
        )
    assert isinstance(outcome, RoundTrip), outcome
    assert outcome.folder == "INBOX"
    assert outcome.attachment_intact
    assert outcome.cleaned_up
    assert outcome.size > mib * 1024 * 1024
    assert servers.mailboxes.messages(address.ascii) == []


async def test_a_message_that_is_too_large_is_not_even_begun(
    servers: RealServers, net: Network
) -> None:
    address = EmailAddress("ana", "wellknown.test")
    secret = Secret(servers.accounts[address.ascii])
    account = Account(address, imap("imap.bodega.test", address.ascii), smtp(address.ascii))
    receiving = await open_as(ImapSession, account.incoming, net)
    sending = await open_as(SmtpSession, account.outgoing, net)
    assert not isinstance(receiving, DialogueFailure), receiving
    assert not isinstance(sending, DialogueFailure), sending
    async with receiving, sending:
        await log_in(receiving, secret, net)
        await log_in(sending, secret, net)
        outcome = await round_trip(ImapMailbox(receiving), sending, account, net, attachment_mib=12)
    assert isinstance(outcome, DialogueFailure)
    assert outcome.error.value == "too-large"
    assert outcome.limit == 12_000_000
