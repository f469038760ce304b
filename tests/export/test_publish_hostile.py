"""No name, host or option can inject syntax into the zone, nginx, XML or JSON."""

import json
import re
from dataclasses import replace

import dns.rdatatype
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsetup.export.exporter import ExportFailure
from mailsetup.export.publish import layout
from mailsetup.export.publish.options import PublishOptions
from mailsetup.export.publish.publication import Publication, publication
from mailsetup.export.publish.zone import TxtData
from mailsetup.formats import autoconfig, autodiscover, pacc, xmltree
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    Hint,
    OAuth2Endpoints,
    Service,
    ServiceKind,
)
from tests.contract.exporters import ANYTHING, AWKWARD
from tests.support.samples.published import (
    ANA,
    DOMAIN,
    FULL,
    IMAP,
    MX,
    OPTIONS,
    SIMPLE,
    SMTP,
    content,
)

pytestmark = pytest.mark.slow
SPECIAL = st.text(
    st.sampled_from("ab.-;{}$\"'\\#<>&%@:/()[] \n\r\t\0*~`!|^=é文\u2028\ufffe"), max_size=30
)
HOSTS = st.one_of(
    SPECIAL,
    ANYTHING,
    st.builds("{}.example".format, SPECIAL),
    st.builds("mail.bodega.example{}".format, SPECIAL),
)
PATHS = st.builds("/srv/{}".format, st.one_of(SPECIAL, ANYTHING))

WORD = r"[A-Za-z0-9._/+@=:\[\]-]+"
NGINX_LINE = re.compile(
    rf"""
    \# .* | "" |
    server \s \{{ | \}} |
    listen \s {WORD} \s ssl; |
    server_name \s [a-z0-9.-]+; |
    ssl_certificate(?:_key)? \s {WORD}; |
    location \s (?: = \s {WORD} | / | ~\* \s \^[a-z/]+\\\.xml\$ ) \s \{{ |
    alias \s {WORD}; |
    types \s \{{ \s \}} |
    default_type \s "[a-z/]+(?:;\ charset=utf-8)?"; |
    add_header \s Access-Control-Allow-Origin \s "\*" \s always; |
    error_page \s 405 \s =200 \s /autodiscover/autodiscover\.xml; |
    return \s 404;
    """,
    re.VERBOSE,
)


def check(made: Publication | ExportFailure) -> Publication | None:
    """Every file is read as its own format, and contains only values of the publication."""
    if isinstance(made, ExportFailure):
        assert made.reason
        assert "\n" not in made.reason
        return None
    _check_zone(made)
    for name in (layout.NGINX_NAMES, layout.NGINX_DOMAIN):
        text = content(made, name).decode("ascii")
        for line in text.split("\n"):
            assert NGINX_LINE.fullmatch(line.strip()) or not line, line
        assert text.count("{") == text.count("}")
    luis = EmailAddress("luis", made.domain)
    read = autoconfig.read(content(made, layout.CONFIG), luis)
    assert isinstance(read, AccountSettings)
    assert read.hosts == made.settings.hosts
    assert len(read.services) == len(dict.fromkeys(made.settings.services))
    if (document := made.content(layout.AUTODISCOVER)) is not None:
        answer = autodiscover.read(document, luis)
        assert isinstance(answer, AccountSettings)
        assert answer.hosts == made.settings.hosts
    if (document := made.content(layout.PACC)) is not None:
        assert set(json.loads(document)) == {"protocols", "authentication", "info"}
        settings = pacc.read(document, luis)
        assert settings is not None
        assert set(settings.hosts) <= set(made.settings.hosts)
    if (document := made.content(layout.POLICY)) is not None:
        lines = document.decode("ascii").split("\r\n")
        assert [line.partition(": ")[0] for line in lines if not line.startswith("mx: ")] == [
            "version",
            "mode",
            "max_age",
            "",
        ]
    return made


def _check_zone(made: Publication) -> None:
    text = content(made, layout.RECORDS).decode("ascii")
    zone = dns.zone.from_text(
        text, origin=".", relativize=False, check_origin=False, allow_include=False
    )
    read = {
        (str(name), dns.rdatatype.to_text(rdataset.rdtype))
        for name, rdataset in zone.iterate_rdatasets()
    }
    assert read == {(f"{record.owner}.", record.kind) for record in made.records}
    assert all(name.endswith(f".{made.domain}.") for name, _kind in read)
    directives = [line for line in text.split("\n") if line.startswith("$")]
    assert directives in ([], [f"$ORIGIN {made.domain}."])
    assert text.count("\n") == len(made.records) + len(directives) + 1


@settings(deadline=None, max_examples=300)
@given(domain=HOSTS)
def test_no_domain_escapes_its_field(domain: str) -> None:
    wanted = SIMPLE.with_username("%EMAILADDRESS%")
    check(publication(domain, wanted, PublishOptions(mail_exchangers=MX, relative=True)))


@settings(deadline=None, max_examples=300)
@given(host=HOSTS, other=HOSTS)
def test_no_server_escapes_its_field(host: str, other: str) -> None:
    incoming = AccountSettings((IMAP, replace(IMAP, host=host)), (SMTP,))
    outgoing = AccountSettings((IMAP,), (replace(SMTP, host=other), SMTP))
    check(publication(DOMAIN, incoming, OPTIONS))
    check(publication(DOMAIN, outgoing, OPTIONS))


@settings(deadline=None, max_examples=300)
@given(exchanger=HOSTS, web=HOSTS, folder=PATHS, certificate=PATHS, listen=SPECIAL)
def test_no_option_escapes_its_field(
    exchanger: str, web: str, folder: str, certificate: str, listen: str
) -> None:
    for changes in (
        {"mail_exchangers": (exchanger,)},
        {"web": (web,)},
        {"folder": folder},
        {"certificate": certificate, "certificate_key": folder},
        {"listen": (listen, f"{listen}:443", f"[::1]:{listen}")},
    ):
        check(publication(DOMAIN, SIMPLE, replace(OPTIONS, **changes)))


@settings(deadline=None, max_examples=300)
@given(provider=st.one_of(AWKWARD, ANYTHING), username=st.one_of(AWKWARD, ANYTHING, SPECIAL))
def test_no_name_escapes_its_field(provider: str, username: str) -> None:
    made = check(publication(DOMAIN, replace(SIMPLE, provider=provider), OPTIONS))
    assert made is not None
    check(publication(DOMAIN, SIMPLE.with_username(username), OPTIONS))
    template = check(
        publication(DOMAIN, SIMPLE.with_username(f"%EMAILLOCALPART%{username}"), OPTIONS)
    )
    if template is not None:
        read = autoconfig.read(content(template, layout.CONFIG), EmailAddress("luis", DOMAIN))
        assert isinstance(read, AccountSettings)
        names = {server.username for server in read.servers}
        filled = EmailAddress("luis", DOMAIN).fill(template.settings.incoming[0].username)
        assert {name.strip() for name in names} == {(filled or "").strip()}


@settings(deadline=None, max_examples=200)
@given(local=st.one_of(AWKWARD, ANYTHING, SPECIAL).filter(bool))
def test_no_local_part_escapes_its_field(local: str) -> None:
    address = EmailAddress(local, DOMAIN)
    check(publication(DOMAIN, SIMPLE, replace(OPTIONS, address=address)))
    check(publication(DOMAIN, SIMPLE, replace(OPTIONS, reports_to=address)))


@settings(deadline=None, max_examples=200)
@given(text=st.one_of(AWKWARD, ANYTHING, SPECIAL))
def test_no_hint_or_service_escapes_its_field(text: str) -> None:
    url = f"https://dav.bodega.example/{text}"
    wanted = replace(
        FULL,
        services=(
            Service(ServiceKind.CALDAV, ANA.ascii, url),
            Service(ServiceKind.CARDDAV, text, "https://dav.bodega.example/"),
            Service(ServiceKind.MANAGESIEVE, ANA.ascii, host=text, port=4190),
        ),
        hints=(Hint("help", url, (("es", text), (text, "x"))), Hint("enable-imap", text)),
        oauth2=OAuth2Endpoints(url, url, url, (text,), text),
    )
    made = check(publication(DOMAIN, wanted, OPTIONS))
    assert made is not None
    for name in (layout.CONFIG, layout.AUTODISCOVER):
        assert not isinstance(xmltree.read(content(made, name)), xmltree.XmlFault)
    signing_in = replace(IMAP, authentication=(Authentication.OAUTH2,))
    check(publication(DOMAIN, replace(wanted, incoming=(signing_in,)), OPTIONS))


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=600))
def test_every_text_is_read_back_from_the_zone(text: str) -> None:
    line = f"a.example. 1 IN TXT {TxtData('a.example', text).data}\n"
    zone = dns.zone.from_text(line, origin=".", relativize=False, check_origin=False)
    (rdata,) = zone.find_rdataset("a.example.", "TXT")
    assert b"".join(rdata.strings) == text.encode()
