"""``read(write(settings)) == settings`` for each document, as far as it can express them.

What a document cannot express is listed in the docstring of its test. User names with placeholders
are compared after they have been filled in for a mailbox.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats import autoconfig, autodiscover, pacc
from mailsetup.model.address import ADDRESS_PLACEHOLDER, EmailAddress
from mailsetup.model.settings import (
    STANDARD_PORTS,
    Account,
    AccountSettings,
    Authentication,
    Hint,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)

_T = TypeVar("_T")

ANA = EmailAddress("ana+x", "bodega.es")
DOMAIN = ANA.domain

# Any character that is neither a control nor "%", which begins a placeholder.
CHARACTERS = st.characters(categories=("L", "N", "P", "S"), exclude_characters="%")
WORDS = st.text(CHARACTERS, min_size=1, max_size=20)
HOSTS = st.sampled_from(["imap.bodega.es", "mail.bodega.es", "xn--pea-8ma.example"])
URLS = st.sampled_from(["https://dav.bodega.es/", "https://x.bodega.es:8443/a?b=c&d='<e>'"])
PAGES = st.one_of(URLS, st.just("http://www.bodega.es/help"))
PORTS = st.integers(1, 65535)
PROTECTED = st.sampled_from([SocketType.TLS, SocketType.STARTTLS])
USERNAMES = st.one_of(
    st.sampled_from(["%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILDOMAIN%\\%EMAILLOCALPART%"]),
    WORDS,
)


def sequences(
    elements: st.SearchStrategy[_T], *, least: int = 0
) -> st.SearchStrategy[tuple[_T, ...]]:
    """Tuples without duplicates."""
    return st.lists(elements, min_size=least, max_size=3, unique=True).map(tuple)


AUTHENTICATION = sequences(st.sampled_from(Authentication), least=1)


def servers(
    protocol: Protocol,
    *,
    least: int = 0,
    make: Callable[[Protocol], st.SearchStrategy[ServerSettings]] | None = None,
) -> st.SearchStrategy[tuple[ServerSettings, ...]]:
    return sequences((make or any_server)(protocol), least=least)


def any_server(protocol: Protocol) -> st.SearchStrategy[ServerSettings]:
    return st.builds(
        ServerSettings, st.just(protocol), HOSTS, PORTS, PROTECTED, USERNAMES, AUTHENTICATION
    )


def filled(settings: AccountSettings) -> AccountSettings:
    """The settings for one mailbox."""

    def username(template: str) -> str:
        name = ANA.fill(template)
        assert name is not None
        return name

    def each(found: Sequence[ServerSettings]) -> tuple[ServerSettings, ...]:
        return tuple(dict.fromkeys(replace(one, username=username(one.username)) for one in found))

    services = (replace(one, username=username(one.username)) for one in settings.services)
    return replace(
        settings,
        incoming=each(settings.incoming),
        outgoing=each(settings.outgoing),
        services=tuple(dict.fromkeys(services)),
    )


# Autoconfig

BY_URL = sequences(
    st.sampled_from(
        [
            Authentication.PASSWORD_CLEARTEXT,
            Authentication.PASSWORD_ENCRYPTED,
            Authentication.OAUTH2,
        ]
    ),
    least=1,
)
INSIDE = (ServiceKind.JMAP, ServiceKind.EWS, ServiceKind.ACTIVE_SYNC, ServiceKind.GRAPH)
OUTSIDE = (ServiceKind.CALDAV, ServiceKind.CARDDAV, ServiceKind.WEBDAV)


def services_by_url(kinds: Sequence[ServiceKind]) -> st.SearchStrategy[tuple[Service, ...]]:
    return sequences(
        st.builds(Service, st.sampled_from(kinds), USERNAMES, url=URLS, authentication=BY_URL)
    )


SIEVE = st.builds(
    Service,
    st.just(ServiceKind.MANAGESIEVE),
    USERNAMES,
    host=HOSTS,
    port=PORTS,
    security=PROTECTED,
    authentication=AUTHENTICATION,
)
TEXTS = st.dictionaries(st.sampled_from(["", "en", "es"]), WORDS, max_size=3).map(
    lambda texts: tuple(texts.items())
)
HINTS = st.tuples(
    sequences(st.builds(Hint, st.just("enable-imap"), PAGES, TEXTS)),
    st.lists(st.builds(Hint, st.just("help"), PAGES, TEXTS), max_size=1).map(tuple),
).map(lambda hints: hints[0] + hints[1])
ENDPOINTS = st.builds(
    OAuth2Endpoints, URLS, st.one_of(st.just(""), URLS), URLS, sequences(WORDS), WORDS
)
AUTOCONFIG = st.builds(
    lambda imap, pop3, smtp, provider, hints, outside, sieve, inside, oauth2: AccountSettings(
        imap + pop3, smtp, provider, hints, outside + sieve + inside, oauth2
    ),
    servers(Protocol.IMAP, least=1),
    servers(Protocol.POP3),
    servers(Protocol.SMTP),
    WORDS,
    HINTS,
    services_by_url(OUTSIDE),
    sequences(SIEVE),
    services_by_url(INSIDE),
    st.one_of(st.none(), ENDPOINTS),
)


@given(AUTOCONFIG)
def test_autoconfig(settings: AccountSettings) -> None:
    """It cannot express: the order of POP3 before IMAP, and of services inside the provider before
    those outside; hints of other kinds, without a URL, or a second page for help; aliases; methods
    to log in at a URL beyond Basic, Digest and OAuth2; endpoints without issuer and token URL.
    """
    document = autoconfig.write(DOMAIN, settings.provider, settings)
    assert autoconfig.read(document, ANA) == filled(settings)


# Autodiscover

SPA = st.sampled_from(
    [
        (Authentication.PASSWORD_CLEARTEXT,),
        (Authentication.NTLM, Authentication.PASSWORD_CLEARTEXT),
    ]
)


ADDRESS = st.just(ADDRESS_PLACEHOLDER)


def autodiscover_server(
    protocol: Protocol, usernames: st.SearchStrategy[str] = ADDRESS
) -> st.SearchStrategy[ServerSettings]:
    """Standard ports, and others that no standard gives to either kind of TLS."""
    endpoints = [
        (port, security)
        for security in (SocketType.TLS, SocketType.STARTTLS)
        for port in (STANDARD_PORTS[protocol, security], 9_001)
    ]
    return st.builds(
        lambda host, endpoint, name, methods: ServerSettings(
            protocol, host, endpoint[0], endpoint[1], name, methods
        ),
        HOSTS,
        st.sampled_from(endpoints),
        usernames,
        SPA,
    )


AUTODISCOVER = st.builds(
    lambda imap, pop3, smtp: AccountSettings(imap + pop3, smtp),
    servers(Protocol.IMAP, make=autodiscover_server),
    servers(Protocol.POP3, make=autodiscover_server),
    servers(Protocol.SMTP, least=1, make=autodiscover_server),
)


@given(AUTODISCOVER)
def test_autodiscover_for_all_mailboxes(settings: AccountSettings) -> None:
    """It cannot express: user names other than the address; methods to log in other than Windows
    login and a password; the other kind of TLS on a standard port; POP3 before IMAP; anything but
    servers.
    """
    assert autodiscover.is_expressible(settings)
    assert autodiscover.read(autodiscover.write(settings), ANA) == filled(settings)


@given(autodiscover_server(Protocol.IMAP, WORDS), autodiscover_server(Protocol.SMTP, WORDS), WORDS)
def test_autodiscover_for_one_mailbox(
    incoming: ServerSettings, outgoing: ServerSettings, person: str
) -> None:
    """As for all mailboxes, but with user names and without Windows login."""
    methods = (Authentication.PASSWORD_CLEARTEXT,)
    incoming, outgoing = (replace(one, authentication=methods) for one in (incoming, outgoing))
    document = autodiscover.write_for_mailbox(Account(ANA, incoming, outgoing, person))
    assert autodiscover.read(document, ANA) == AccountSettings((incoming,), (outgoing,))


# PACC

LOGINS = st.sampled_from(
    [
        (Authentication.PASSWORD_CLEARTEXT,),
        (Authentication.OAUTH2,),
        (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT),
    ]
)


@st.composite
def pacc_settings(draw: st.DrawFn) -> AccountSettings:
    methods = draw(LOGINS)
    found = {
        protocol: ServerSettings(
            protocol,
            draw(HOSTS),
            STANDARD_PORTS[protocol, SocketType.TLS],
            SocketType.TLS,
            ADDRESS_PLACEHOLDER,
            methods,
        )
        for protocol in Protocol
    }
    incoming = [found[Protocol.IMAP], *([found[Protocol.POP3]] if draw(st.booleans()) else [])]
    services = (
        Service(kind, ADDRESS_PLACEHOLDER, draw(URLS), authentication=methods)
        for kind in (ServiceKind.JMAP, *OUTSIDE)
        if draw(st.booleans())
    )
    return AccountSettings(
        incoming=tuple(incoming),
        outgoing=(found[Protocol.SMTP],),
        provider=draw(WORDS),
        hints=(Hint("help", draw(PAGES)),) if draw(st.booleans()) else (),
        services=tuple(services),
        oauth2=OAuth2Endpoints(draw(URLS)) if Authentication.OAUTH2 in methods else None,
    )


@given(pacc_settings())
def test_pacc(settings: AccountSettings) -> None:
    """It cannot express: anything but implicit TLS on standard ports; user names other than the
    address; more than one server of a protocol; methods to log in that differ between servers, or
    others than OAuth 2.0 and a password; POP3 before IMAP; of OAuth 2.0 anything but the issuer;
    hints but for the page for help, without its texts; services without a URL; aliases.
    """
    document = pacc.write(settings.provider, settings)
    assert document is not None
    assert pacc.read(document, ANA) == filled(settings)


@given(st.binary())
def test_pacc_digest(document: bytes) -> None:
    digest = pacc.read_digest(pacc.write_digest(document))
    assert digest is not None
    assert len(digest) == 32
