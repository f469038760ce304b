"""Autoconfig documents as they occur, and as an attacker would write them."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats.autoconfig import AutoconfigFailure, AutoconfigFault, read
from mailsetup.formats.xmltree import MAX_BYTES, XmlFault
from mailsetup.model.hostname import parse_host
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    Hint,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import has_control
from tests.support.network.scripted_network import address

ANA = address("ana+x@bodega.es")


def server(
    kind: str = "imap",
    host: str = "imap.bodega.es",
    port: str = "993",
    socket: str = "SSL",
    rest: str = "<username>%EMAILADDRESS%</username>"
    "<authentication>password-cleartext</authentication>",
) -> str:
    tag = "outgoingServer" if kind.lower() == "smtp" else "incomingServer"
    return (
        f'<{tag} type="{kind}"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{socket}</socketType>{rest}</{tag}>"
    )


def document(*servers: str, extra: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1">'
        f'<emailProvider id="bodega.es">{extra}{"".join(servers)}</emailProvider></clientConfig>'
    ).encode()


def settings_in(*servers: str, extra: str = "") -> AccountSettings:
    settings = read(document(*servers, extra=extra), ANA)
    assert isinstance(settings, AccountSettings), settings
    return settings


def only(*servers: str) -> ServerSettings:
    (one,) = settings_in(*servers).servers
    return one


def test_an_ordinary_document() -> None:
    settings = settings_in(
        server(),
        server("smtp", "smtp.bodega.es", "587", "STARTTLS"),
        extra="<domain>bodega.es</domain><displayName>Bodega</displayName>",
    )
    assert settings.provider == "Bodega"
    assert settings.incoming == (
        ServerSettings(Protocol.IMAP, "imap.bodega.es", 993, SocketType.TLS, "ana+x@bodega.es"),
    )
    assert settings.outgoing == (
        ServerSettings(
            Protocol.SMTP, "smtp.bodega.es", 587, SocketType.STARTTLS, "ana+x@bodega.es"
        ),
    )


@pytest.mark.parametrize(
    "broken",
    [
        server(host=""),
        server(host="imap bodega.es"),
        server(host='imap".bodega.es'),
        server(host="imap.bodega.es\nX: y"),
        server(host="localhost"),
        server(host="127.0.0.1"),
        server(host="[::1]"),
        server(host="imap"),
        server(host="imap.%NONSENSE%"),
        server(port="0"),
        server(port="70000"),
        server(port="-1"),
        server(port="99x"),
        server(port=""),
        server(socket="plain"),
        server(socket="quantum"),
        server(kind="telepathy"),
        server(kind="jmap"),
        server(rest="<username>%EMAILADDRESS</username>"),
        server(rest="<username>%REALNAME%</username>"),
        server(rest="<username>a&#9;b</username>"),
        server(rest=f"<username>{'u' * 400}</username>"),
        server(rest="<authentication>telepathy</authentication>"),
        "<incomingServer/>",
        "<incomingServer type='imap'><hostname/></incomingServer>",
    ],
)
def test_an_invalid_server_does_not_affect_others(broken: str) -> None:
    settings = settings_in(broken, server(host="good.bodega.es"), server("smtp"))
    assert [one.host for one in settings.incoming] == ["good.bodega.es"]
    assert len(settings.outgoing) == 1


def test_a_missing_user_name_means_the_address() -> None:
    assert only(server(rest="")).username == ANA.ascii
    assert only(server(rest="<username/>")).username == ANA.ascii


def test_placeholders_in_user_name_and_host() -> None:
    found = only(
        server(
            host="mail.%EMAILDOMAIN%", rest="<username>%EMAILLOCALPART%.%emaildomain%</username>"
        )
    )
    assert (found.host, found.username) == ("mail.bodega.es", "ana+x.bodega.es")


@pytest.mark.parametrize("word", ["SSL", "ssl", "TLS", "tls", " Ssl "])
def test_words_in_any_case_and_tls_for_ssl(word: str) -> None:
    assert only(server("IMAP", socket=word)).security is SocketType.TLS


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (["OAuth2", "password-cleartext"], [Authentication.OAUTH2, "password-cleartext"]),
        (["oauth"], [Authentication.OAUTH2]),
        (["plain"], [Authentication.PASSWORD_CLEARTEXT]),
        (["secure"], [Authentication.PASSWORD_ENCRYPTED]),
        (["PASSWORD-ENCRYPTED", "password-encrypted"], [Authentication.PASSWORD_ENCRYPTED]),
        (["SCRAM-SHA-256-PLUS", "NTLM"], [Authentication.PASSWORD_ENCRYPTED, Authentication.NTLM]),
        (["telepathy", "GSSAPI"], [Authentication.GSSAPI]),
        (["none"], [Authentication.NONE]),
    ],
)
def test_authentication_kinds_preserve_their_order(words: list[str], kinds: list[str]) -> None:
    rest = "".join(f"<authentication>{word}</authentication>" for word in words)
    assert list(only(server(rest=rest)).authentication) == kinds


def test_imap_comes_first_and_the_documents_order_is_preserved() -> None:
    settings = settings_in(
        server("pop3", "pop.bodega.es", "995"),
        server(host="b.bodega.es", port="143", socket="STARTTLS"),
        server(host="a.bodega.es"),
        server("smtp", "b.bodega.es", "587", "STARTTLS"),
        server("smtp", "a.bodega.es", "465"),
    )
    assert [one.host for one in settings.incoming] == [
        "b.bodega.es",
        "a.bodega.es",
        "pop.bodega.es",
    ]
    assert [one.port for one in settings.outgoing] == [587, 465]


def test_hints_and_their_urls() -> None:
    settings = settings_in(
        server(),
        extra='<enable visiturl="https://www.bodega.es/on"><instruction>go</instruction></enable>'
        '<documentation url="javascript:alert(1)"/><documentation url="https://www.bodega.es/h">'
        '<descr lang="es">Así <![CDATA[<b>se hace</b>]]></descr><descr lang="en">How to</descr>'
        "</documentation>",
    )
    assert settings.hints == (
        Hint("enable-imap", "https://www.bodega.es/on", (("", "go"),)),
        Hint(
            "help",
            "https://www.bodega.es/h",
            (("es", "Así <b>se hace</b>"), ("en", "How to")),
        ),
    )
    assert settings.hints[1].text("es").startswith("Así")
    assert settings.hints[1].text("fr") == "How to"
    assert settings.hints[0].text("es") == "go"


def read_with(inside: str, outside: str) -> AccountSettings:
    """A document with elements inside the provider and next to it."""
    text = document(server(), extra=inside).decode()
    settings = read(text.replace("</clientConfig>", f"{outside}</clientConfig>").encode(), ANA)
    assert isinstance(settings, AccountSettings), settings
    return settings


@pytest.mark.parametrize(
    ("element", "kind", "url"),
    [
        ('<calendar type="caldav"><url>https://dav.bodega.es/</url></calendar>', "caldav", "dav"),
        ('<addressBook type="carddav"><serverURL>https://dav.bodega.es/</serverURL></addressBook>',
         "carddav", "dav"),
        ('<fileShare type="webdav"><url>https://f.%EMAILDOMAIN%/</url></fileShare>', "webdav", "f"),
        ('<incomingServer type="jmap"><url>https://j.bodega.es/</url></incomingServer>',
         "jmap", "j"),
        ('<incomingServer type="exchange"><ewsURL>https://e.bodega.es/</ewsURL></incomingServer>',
         "ews", "e"),
        ('<incomingServer type="activesync"><url>https://a.bodega.es/</url></incomingServer>',
         "activeSync", "a"),
    ],
)  # fmt: skip
def test_services_with_a_url(element: str, kind: str, url: str) -> None:
    for settings in (read_with(element, ""), read_with("", element)):
        if kind in ("jmap", "ews", "activeSync") and not settings.services:
            continue  # incoming servers are allowed inside the provider only
        (service,) = settings.services
        assert (service.kind, service.url) == (kind, f"https://{url}.bodega.es/")
        assert service.username == ANA.ascii


def test_a_managesieve_server() -> None:
    rules = (
        '<setupServer type="managesieve"><hostname>sieve.bodega.es</hostname><port>4190</port>'
        "<socketType>STARTTLS</socketType></setupServer>"
    )
    (service,) = read_with("", rules).services
    assert (service.host, service.port) == ("sieve.bodega.es", 4190)
    assert service.security is SocketType.STARTTLS
    assert read_with("", rules.replace("STARTTLS", "plain")).services == ()


@pytest.mark.parametrize(
    "url", ["http://dav.bodega.es/", "https://127.0.0.1/", "javascript:x", "https://u:p@b.es/", ""]
)
def test_only_a_service_with_an_invalid_url_is_dropped(url: str) -> None:
    element = f'<calendar type="caldav"><url>{url}</url></calendar>'
    settings = read_with(
        element, '<calendar type="caldav"><url>https://d.bodega.es/</url></calendar>'
    )
    assert [service.url for service in settings.services] == ["https://d.bodega.es/"]
    assert settings.is_complete is False
    assert len(settings.incoming) == 1


@pytest.mark.parametrize("inside", [True, False])
def test_oauth2_endpoints(inside: bool) -> None:
    block = (
        "<oAuth2><issuer>accounts.bodega.es</issuer><scope>mail  offline_access</scope>"
        "<authURL>https://accounts.%EMAILDOMAIN%/auth</authURL>"
        "<tokenURL>http://accounts.bodega.es/token</tokenURL></oAuth2>"
    )
    found = read_with(block if inside else "", "" if inside else block).oauth2
    assert found is not None
    assert found.issuer == "https://accounts.bodega.es"
    assert found.auth_url == "https://accounts.bodega.es/auth"
    assert found.token_url == ""  # a token over plain HTTP could be read by anyone
    assert found.scope == ("mail", "offline_access")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://a@b.es/", "https://b.es/ x", "https://localhost/", "x"]
)
def test_an_invalid_url_of_a_hint_is_dropped(url: str) -> None:
    settings = settings_in(server(), extra=f'<enable visiturl="{url}"/>')
    assert settings.hints == (Hint("enable-imap", ""),)


def test_the_providers_name_is_plain_and_short() -> None:
    name = "<![CDATA[<b>x</b>\u202e" + "y" * 200 + "]]>"
    shown = settings_in(server(), extra=f"<displayName>{name}</displayName>").provider
    assert len(shown) <= 60
    assert not has_control(shown)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", XmlFault.NOT_XML),
        (b"\0" * 100, XmlFault.NOT_XML),
        (b"<clientConfig>", XmlFault.NOT_XML),
        (b"<html><body/></html>", XmlFault.HTML),
        (b"<!DOCTYPE html><html><body><br></html>", XmlFault.HTML),
        (b"<HTML><p>unclosed", XmlFault.HTML),
        (b"<rss/>", AutoconfigFault.OTHER_DOCUMENT),
        (b"<clientConfig/>", AutoconfigFault.NO_SERVER),
        (b'<?xml version="1.0" encoding="nonsense"?><clientConfig/>', XmlFault.NOT_XML),
        (b'<?xml version="1.0" encoding="utf-7"?><clientConfig/>', XmlFault.NOT_XML),
        (b'<?xml version="1.0" encoding="hex"?><clientConfig/>', XmlFault.NOT_XML),
        (document(server(socket="plain")), AutoconfigFault.UNPROTECTED),
        (document(server(socket="carrier-pigeon")), AutoconfigFault.NO_SERVER),
        (b" " * 5_000_000 + document(server()), XmlFault.TOO_LARGE),
        (document(server(), extra="<x>" * 40 + "</x>" * 40), XmlFault.FORBIDDEN),
        (document(server(), extra="<x/>" * 20_001), XmlFault.FORBIDDEN),
        (b"<!DOCTYPE clientConfig>" + document(server())[38:], XmlFault.FORBIDDEN),
        (
            b'<!DOCTYPE c [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><clientConfig>&c;</clientConfig>',
            XmlFault.FORBIDDEN,
        ),
        (
            b'<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><clientConfig>&x;</clientConfig>',
            XmlFault.FORBIDDEN,
        ),
    ],
)
def test_documents_without_settings(body: bytes, fault: AutoconfigFault | XmlFault) -> None:
    assert read(body, ANA) == AutoconfigFailure(fault)


def test_depth_and_size_at_the_limit_are_accepted() -> None:
    assert read(document(server()).ljust(MAX_BYTES), ANA) != AutoconfigFailure(XmlFault.TOO_LARGE)
    assert settings_in(server(), extra="<x>" * 29 + "</x>" * 29).servers


def test_a_prefix_and_another_encoding_do_not_hide_the_settings() -> None:
    body = document(server(), extra="<displayName>Peñíscola</displayName>").decode()
    latin = body.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    settings = read(latin, ANA)
    assert isinstance(settings, AccountSettings)
    assert settings.provider == "Peñíscola"
    spaced = body.replace("<clientConfig", '<clientConfig xmlns="urn:x"').encode()
    assert isinstance(read(spaced, ANA), AccountSettings)


TEXT = st.text(max_size=40)
PIECE = st.one_of(
    TEXT.map(escape),
    st.builds(
        lambda kind, host, port, socket, rest: server(
            escape(kind, {'"': ""}), escape(host), escape(port), escape(socket), rest
        ),
        st.one_of(st.sampled_from(["imap", "pop3", "smtp"]), TEXT),
        st.one_of(st.just("mail.%EMAILDOMAIN%"), st.just("imap.bodega.es"), TEXT),
        st.one_of(st.integers(-5, 70_000).map(str), TEXT),
        st.one_of(st.sampled_from(["SSL", "STARTTLS", "plain"]), TEXT),
        st.one_of(st.just(""), TEXT.map(lambda text: f"<username>{escape(text)}</username>")),
    ),
)


@given(st.lists(PIECE, max_size=6))
def test_any_document_gives_only_usable_servers(pieces: list[str]) -> None:
    body = document(*(piece for piece in pieces)).decode().encode("utf-8", "replace")
    settings = read(body, ANA)
    if isinstance(settings, AutoconfigFailure):
        return
    for one in settings.servers:
        assert parse_host(one.host) == one.host
        assert 1 <= one.port <= 65535
        assert one.security is not SocketType.NONE
        assert one.username
        assert not has_control(one.username)
        assert one.authentication


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_without_an_exception(body: bytes) -> None:
    read(body, ANA)
    read(b'<?xml version="1.0" encoding="' + body + b'"?><clientConfig/>', ANA)
    read(b"<clientConfig>" + body + b"</clientConfig>", ANA)
