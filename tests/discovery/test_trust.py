"""Which hosts may receive a password without a confirmation."""

import pytest

from mailsetup.discovery.trust import domains_to_confirm
from mailsetup.model.settings import AccountSettings, Protocol, ServerSettings, SocketType
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.source_result import Found
from tests.support.network.scripted_network import address

HTTPS, HTTP, DNS, DNSSEC = Channel.HTTPS, Channel.HTTP, Channel.DNS, Channel.DNSSEC
OWN = ("imap.bodega.es", "smtp.bodega.es")
FOREIGN = ("imap.hoster.com", "smtp.hoster.com")


def found(method: Method, channel: Channel, vouched: bool, hosts: tuple[str, ...]) -> Found:
    servers = tuple(
        ServerSettings(Protocol.IMAP, host, 993, SocketType.TLS, "ana") for host in hosts
    )
    return Found(AccountSettings(servers, ()), Source(method, "x", channel), vouched)


@pytest.mark.parametrize(
    ("method", "channel", "vouched", "hosts", "confirm"),
    [
        (Method.TYPED, Channel.FILE, False, FOREIGN, ()),
        (Method.FILE, Channel.FILE, False, FOREIGN, ()),
        (Method.BUILTIN, Channel.BUILTIN, True, FOREIGN, ()),
        (Method.AUTOCONFIG, HTTPS, True, FOREIGN, ()),
        (Method.AUTOCONFIG, HTTPS, False, FOREIGN, ("hoster.com",)),
        (Method.AUTOCONFIG, HTTPS, False, OWN, ()),
        (Method.WELL_KNOWN, HTTPS, True, FOREIGN, ()),
        (Method.ISPDB, HTTPS, True, FOREIGN, ()),
        (Method.PACC, HTTPS, True, FOREIGN, ()),
        (Method.SRV, DNS, False, OWN, ()),
        (Method.SRV, DNS, False, FOREIGN, ("hoster.com",)),
        (Method.SRV, DNS, False, (*OWN, *FOREIGN), ("hoster.com",)),
        (Method.SRV, DNSSEC, True, FOREIGN, ()),
        (Method.PROBE, DNS, False, OWN, ()),
        (Method.MX, HTTPS, False, OWN, ()),
        (Method.MX, HTTPS, False, FOREIGN, ("hoster.com",)),
        (Method.MX, HTTPS, False, ("a.one.com", "b.two.com"), ("one.com", "two.com")),
        (Method.AUTODISCOVER, HTTPS, False, FOREIGN, ("hoster.com",)),
        (Method.AUTOCONFIG, HTTP, False, OWN, ("bodega.es",)),
        # Plain HTTP needs a confirmation, whatever a source claims.
        (Method.AUTOCONFIG, HTTP, True, FOREIGN, ("hoster.com",)),
        # A name that only ends like the domain belongs to another owner.
        (Method.SRV, DNS, False, ("imap.notbodega.es",), ("notbodega.es",)),
        (Method.SRV, DNS, False, ("bodega.es.evil.com",), ("evil.com",)),
    ],
)
def test_domains_to_confirm(
    method: Method,
    channel: Channel,
    vouched: bool,
    hosts: tuple[str, ...],
    confirm: tuple[str, ...],
) -> None:
    assert domains_to_confirm(found(method, channel, vouched, hosts), address()) == confirm


@pytest.mark.parametrize(
    ("mailbox", "host", "asked"),
    [
        ("ana@dep.uni.es", "imap.uni.es", False),
        ("ana@uni.es", "imap.dep.uni.es", False),
        ("ana@bodega.co.uk", "imap.bodega.co.uk", False),
        ("ana@bodega.co.uk", "imap.evil.co.uk", True),
        ("ana@bodega.com.ar", "imap.evil.com.ar", True),
        # Names that a company assigns to others below its own domain.
        ("ana@bodega.eu.org", "imap.evil.eu.org", True),
        ("ana@bodega.eu.org", "imap.bodega.eu.org", False),
        ("ana@bodega.uk.com", "imap.evil.uk.com", True),
        ("ana@xn--pescola-8ya9a.es", "imap.xn--pescola-8ya9a.es", False),
    ],
)
def test_owner_of_a_host(mailbox: str, host: str, asked: bool) -> None:
    answer = found(Method.SRV, DNS, False, (host,))
    assert bool(domains_to_confirm(answer, address(mailbox))) is asked


@pytest.mark.parametrize(
    ("agreed", "left"),
    [
        (("hoster.com",), ()),
        (("imap.hoster.com", "smtp.hoster.com"), ()),
        (("imap.hoster.com",), ("hoster.com",)),
        (("com",), ("hoster.com",)),
        (("evilhoster.com",), ("hoster.com",)),
    ],
)
def test_an_agreement_covers_one_domain(agreed: tuple[str, ...], left: tuple[str, ...]) -> None:
    answer = found(Method.SRV, DNS, False, FOREIGN)
    assert domains_to_confirm(answer, address(), agreed) == left
