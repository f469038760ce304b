"""Faults of the domain in a whole check: records served by knot, and mail really delivered."""

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import dkim as signer
import nacl.signing
import pytest

from mailsetup.assistant.account_choice import choose_account
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import SecondMailbox
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
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
from tests.support.samples.signed_zones import SignedZoneServers
from tests.support.servers.real_servers import RealServers
from tests.support.servers.talkers import smtp_talker

pytestmark = pytest.mark.servers

PASSWORD = "correcto-17"
ELSEWHERE = "aspmx.l.google.com"
MX = f"{{domain}}. MX 10 {HOST}."
SPF = '{domain}. TXT "v=spf1 a:mail.faults.test -all"'
DMARC = '_dmarc.{domain}. TXT "v=DMARC1; p=none"'
GOOGLE = f"{ELSEWHERE}. A 142.250.1.1"


async def check_domain_of(servers: RealServers, name: str, *records: str) -> CheckReport:
    """Check, without a message, a domain with these records and a mailbox at the test server."""
    domain = f"{name}.test"
    lines = [record.format(domain=domain) for record in records]
    with servers.name_server.temporary(*lines):
        wanted = account(domain=domain, username="ana@faults.test")
        return await check(options(servers), wanted, PASSWORD, send=False)


async def test_correct_domain_has_no_finding(servers: RealServers) -> None:
    report = await check_domain_of(servers, "ordenada", MX, SPF, DMARC)
    assert named(report) == ""
    assert report.findings == ()


@pytest.mark.parametrize(
    ("identity", "records"),
    [
        fault("dns.mx.elsewhere", (f"{{domain}}. MX 10 {ELSEWHERE}.", GOOGLE, SPF, DMARC)),
        fault("dns.mx.two-hostings", (MX, f"{{domain}}. MX 10 {ELSEWHERE}.", GOOGLE, SPF, DMARC)),
        fault("dns.spf.multiple", (MX, SPF, '{domain}. TXT "v=spf1 mx ~all"', DMARC)),
        fault(
            "dns.spf.too-many-lookups",
            (MX, '{domain}. TXT "v=spf1 ' + "a:mail.faults.test " * 11 + '-all"', DMARC),
        ),
        fault("dns.spf.invalid", (MX, '{domain}. TXT "v=spf1 ip4:300.1.1.1 -all"', DMARC)),
        fault(
            "dns.spf.sender-not-covered", (MX, '{domain}. TXT "v=spf1 ip4:192.0.2.1 -all"', DMARC)
        ),
    ],
)
async def test_records_that_break_mail_fail(
    servers: RealServers, identity: str, records: tuple[str, ...]
) -> None:
    assert named(await check_domain_of(servers, "rota", *records)) == identity


@pytest.mark.parametrize(
    ("identity", "records"),
    [
        fault("dns.spf.missing", (MX, DMARC)),
        fault("dns.spf.permissive", (MX, '{domain}. TXT "v=spf1 mx +all"', DMARC)),
        fault("dns.dmarc.missing", (MX, SPF)),
        fault("dns.dmarc.invalid", (MX, SPF, '_dmarc.{domain}. TXT "v=DMARC1; p=todo"')),
        fault(
            "dns.mta-sts.broken", (MX, SPF, DMARC, '_mta-sts.{domain}. TXT "v=STSv1; id=con-guion"')
        ),
    ],
)
async def test_records_with_minor_faults_only_warn(
    servers: RealServers, identity: str, records: tuple[str, ...]
) -> None:
    assert warned(await check_domain_of(servers, "dudosa", *records)) == {identity}


@pytest.mark.fault("dns.domain.unanswered")
async def test_domain_whose_name_server_fails(servers: RealServers) -> None:
    # knot is configured with this zone but has no file for it.
    wanted = account(domain="muda.test", username="ana@faults.test")
    report = await check(options(servers), wanted, PASSWORD, send=False)
    assert named(report) == "dns.domain.unanswered"


@pytest.mark.fault("dns.settings.unpublished")
async def test_guessed_servers_are_reported_as_unpublished(servers: RealServers) -> None:
    address = EmailAddress("ana", "probing.test")
    assistant = Assistant(RunOptions(network=options(servers)), programs_here=tuple)
    with servers.name_server.temporary(f"v1.ispdb.net. A {servers.ip}"):
        discovery = await assistant.discover(address)
        assert discovery.settings is not None
        wanted = choose_account(discovery.settings, address)
        assert wanted is not None
        password = servers.accounts[address.ascii]
        request = requested(wanted, password, discovery=discovery, send=False)
        report = await assistant.check(request)
    assert "dns.settings.unpublished" in warned(report)


# Signed zones --------------------------------------------------------------------------------


async def in_signed_zones(
    servers: RealServers, zones: SignedZoneServers, domain: str
) -> CheckReport:
    """Check a domain whose records validate from the root; routes lead to the test mail server."""
    network = replace(
        options(servers, {(HOST, 993): (servers.ip, 993), (HOST, 465): (servers.ip, 465)}),
        resolver=(zones.ip, 53),
        ca_files=(servers.ca_file, zones.ca_file),
        anchors=(zones.anchor,),
    )
    wanted = account(domain=domain, username="ana@faults.test")
    return await check(network, wanted, PASSWORD, send=False)


@pytest.mark.fault("dns.domain.bogus")
async def test_domain_with_invalid_dnssec_signatures(
    servers: RealServers, zones: SignedZoneServers
) -> None:
    assert named(await in_signed_zones(servers, zones, "falsa.es")) == "dns.domain.bogus"


@pytest.mark.fault("dns.dane.broken")
async def test_tlsa_records_that_do_not_validate(
    servers: RealServers, zones: SignedZoneServers
) -> None:
    assert "dns.dane.broken" in warned(await in_signed_zones(servers, zones, "rota.es"))


# Messages to another company -----------------------------------------------------------------

FAR = "ana@onlysrv.test"
SELECTOR = b"sel"


@cache
def key() -> nacl.signing.SigningKey:
    return nacl.signing.SigningKey.generate()


def signed(message: bytes, *, by: str = "firma.test") -> bytes:
    private = base64.b64encode(bytes(key()))
    field: bytes = signer.sign(
        message, SELECTOR, by.encode(), private, signature_algorithm=b"ed25519-sha256"
    )
    return field + message


def corrupted(message: bytes) -> bytes:
    return signed(message).replace(b"Subject: ", b"Subject: [x] ", 1)


def unsigned(message: bytes) -> bytes:
    return message


AWAY = (
    b"Return-Path: <ana@{envelope}>\r\n"
    b"Received: from out.hoster.net (out.hoster.net [8.8.4.30]) by mx.onlysrv.test with ESMTPS\r\n"
    b" id 1; Wed, 25 Nov 2026 06:00:05 +0000\r\n"
)


async def travel(
    servers: RealServers,
    treat: Callable[[bytes], bytes],
    *,
    spf: str = "v=spf1 ip4:8.8.4.30 a:mail.faults.test -all",
    dmarc: str = "v=DMARC1; p=none",
    envelope: str = "firma.test",
    lists: tuple[str, ...] = (),
    blocklists: bool = False,
) -> CheckReport:
    """Exchange a message with a mailbox elsewhere; it is processed as a hosting might do."""
    public = base64.b64encode(bytes(key().verify_key)).decode()
    records = (
        f"firma.test. MX 10 {HOST}.",
        f'firma.test. TXT "{spf}"',
        f'_dmarc.firma.test. TXT "{dmarc}"',
        f'sel._domainkey.firma.test. TXT "v=DKIM1; k=ed25519; p={public}"',
    )

    def deliver(raw: bytes) -> None:
        header = raw.partition(b"\r\n\r\n")[0]
        if f"To: {FAR}".encode() in header:
            away = AWAY.replace(b"{envelope}", envelope.encode())
            servers.mailboxes.put(FAR, away + treat(raw))
        else:
            servers.mailboxes.put("ana@faults.test", raw)

    far = account(domain="onlysrv.test", incoming="mail.onlysrv.test", outgoing=TALKER)
    near = account(domain="firma.test", username="ana@faults.test", outgoing=TALKER)
    with servers.name_server.temporary(*records, *lists):
        async with smtp_talker(servers.certificates.ca, TALKER, deliver=deliver) as talker:
            return await check(
                options(servers, {(TALKER, 465): talker}),
                near,
                PASSWORD,
                second=SecondMailbox(far, Secret(servers.accounts[FAR])),
                blocklists=blocklists,
            )


async def test_signed_mail_covered_by_spf_has_no_finding(servers: RealServers) -> None:
    report = await travel(servers, signed, dmarc="v=DMARC1; p=reject")
    assert named(report) == ""
    assert report.findings == ()


@pytest.mark.fault("dns.dkim.missing")
async def test_mail_without_dkim_signature(servers: RealServers) -> None:
    assert warned(await travel(servers, unsigned)) == {"dns.dkim.missing"}


@pytest.mark.fault("dns.dmarc.unidentified")
async def test_mail_that_neither_spf_nor_dkim_authenticates(servers: RealServers) -> None:
    report = await travel(servers, unsigned, envelope="rebotes.hoster.net")
    assert "dns.dmarc.unidentified" in warned(report)


@pytest.mark.fault("dns.dkim.invalid")
async def test_mail_with_invalid_dkim_signature(servers: RealServers) -> None:
    assert named(await travel(servers, corrupted)) == "dns.dkim.invalid"


@pytest.mark.fault("dns.dmarc.not-aligned")
async def test_unauthenticated_mail_under_a_reject_policy(servers: RealServers) -> None:
    report = await travel(
        servers, unsigned, dmarc="v=DMARC1; p=reject", envelope="rebotes.hoster.net"
    )
    assert named(report) == "dns.dmarc.not-aligned"


@pytest.mark.fault("account.send.seen-as-spam")
async def test_mail_that_arrives_in_spam_elsewhere(servers: RealServers) -> None:
    far = account("spam")
    report = await check(
        options(servers),
        account(),
        PASSWORD,
        second=SecondMailbox(far, Secret(servers.accounts["spam@faults.test"])),
    )
    assert "account.send.seen-as-spam" in warned(report)


LISTED = "30.4.8.8.zen.spamhaus.org. A 127.0.0.{code}"
ALIVE = "2.0.0.127.zen.spamhaus.org. A 127.0.0.2"


@pytest.mark.fault("hosting.sender.blocklisted")
async def test_sending_address_on_a_blocklist(servers: RealServers) -> None:
    lists = (LISTED.format(code=4), ALIVE)
    report = await travel(servers, signed, lists=lists, blocklists=True)
    assert warned(report) == {"hosting.sender.blocklisted"}
    assert report.findings[0].facts["lists"] == ("zen.spamhaus.org",)


@pytest.mark.parametrize(
    ("lists", "requested_lists"),
    [
        ((LISTED.format(code=4), ALIVE), False),
        # A dial-up network; a refusal to the resolver; a resolver that answers every name.
        ((LISTED.format(code=10), ALIVE), True),
        (("30.4.8.8.zen.spamhaus.org. A 127.255.255.254", ALIVE), True),
        ((LISTED.format(code=4),), True),
        ((LISTED.format(code=4), "*.zen.spamhaus.org. A 127.0.0.2"), True),
    ],
    ids=["not asked", "private", "refused", "dead", "rewritten"],
)
async def test_other_blocklist_answers_are_no_listing(
    servers: RealServers, lists: tuple[str, ...], *, requested_lists: bool
) -> None:
    report = await travel(servers, signed, lists=lists, blocklists=requested_lists)
    assert report.findings == ()
