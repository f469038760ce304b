"""PACC: a document counts only with its digest in the DNS."""

import json
from base64 import b64encode
from hashlib import sha256

import pytest

from mailsetup.discovery.sources.pacc import Pacc
from mailsetup.model.dns import DnsAnswer, DnsFailure, DnsFault
from mailsetup.model.settings import Authentication, ServiceKind
from mailsetup.model.source_result import Found, NotFound, SourceResult, Unreachable
from mailsetup.net.http import HttpFailure, HttpFault
from tests.support.network.scripted_network import NEVER, ScriptedNetwork, address, run

URL = "https://ua-auto-config.bodega.es/.well-known/user-agent-configuration.json"
RECORD = ("_ua-auto-config.bodega.es", "TXT")
DOCUMENT = json.dumps(
    {
        "protocols": {
            "jmap": {"url": "https://jmap.bodega.es/session"},
            "imap": {"host": "imap.bodega.es"},
            "pop3": {"host": "pop.bodega.es"},
            "submit": {"host": "smtp.bodega.es"},
            "caldav": {"url": "https://dav.bodega.es/cal/"},
            "managesieve": {"host": "sieve.bodega.es"},
            "telepathy": {"host": "x.bodega.es"},
        },
        "authentication": {
            "oauth-public": {"issuer": "https://auth.bodega.es/"},
            "password": True,
        },
        "info": {
            "provider": {"name": "Bodega\u202e <b>", "logo": [{"url": "https://x.es/l.svg"}]},
            "help": {"documentation": "https://www.bodega.es/help"},
        },
    }
).encode()


def record(document: bytes, form: str = "v=UAAC1; a=sha256; d={}") -> str:
    return form.format(b64encode(sha256(document).digest()).decode())


def published(document: bytes = DOCUMENT, *records: str) -> ScriptedNetwork:
    scripted = ScriptedNetwork()
    scripted.serve(URL, document)
    scripted.dns[RECORD] = DnsAnswer(records or (record(document),))
    return scripted


def ask(scripted: ScriptedNetwork) -> SourceResult:
    return run(Pacc().discover(address(), scripted.network()))


def test_a_document_with_its_digest_in_the_dns() -> None:
    outcome = ask(published())
    assert isinstance(outcome, Found)
    assert outcome.vouched
    settings = outcome.settings
    assert [str(server) for server in settings.servers] == [
        "imap imap.bodega.es:993 tls",
        "pop3 pop.bodega.es:995 tls",
        "smtp smtp.bodega.es:465 tls",
    ]
    assert all(
        server.authentication == (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)
        for server in settings.servers
    )
    assert {server.username for server in settings.servers} == {"ana@bodega.es"}
    assert [service.kind for service in settings.services] == [ServiceKind.JMAP, ServiceKind.CALDAV]
    assert settings.oauth2 is not None
    assert settings.oauth2.issuer == "https://auth.bodega.es/"
    assert settings.provider == "Bodega <b>"
    assert settings.hints[0].url == "https://www.bodega.es/help"


def test_the_older_name_of_submission() -> None:
    outcome = ask(published(DOCUMENT.replace(b'"submit"', b'"smtp"')))
    assert isinstance(outcome, Found)
    assert outcome.settings.outgoing[0].host == "smtp.bodega.es"


@pytest.mark.parametrize(
    "form",
    [
        "v=UAAC1;a=sha256;d={};",
        " d = {} ; a = SHA256 ; x=y ; v = UAAC1 ",
        "v=UAAC1; d={}; a=sha256",
    ],
)
def test_the_record_is_read_leniently(form: str) -> None:
    assert isinstance(ask(published(DOCUMENT, record(DOCUMENT, form))), Found)


def test_one_of_several_records_is_enough() -> None:
    other = record(b"last week's document")
    assert isinstance(ask(published(DOCUMENT, "google=x", other, record(DOCUMENT))), Found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (record(b"another"), "digest-mismatch"),
        (record(DOCUMENT, "v=UAAC2; a=sha256; d={}"), "no-digest"),
        (record(DOCUMENT, "v=UAAC1; a=md5; d={}"), "no-digest"),
        ("v=UAAC1; a=sha256; d=", "no-digest"),
        ("v=UAAC1; a=sha256; d=!!", "no-digest"),
        ("", "no-digest"),
    ],
)
def test_a_document_without_its_digest_is_not_used(text: str, reason: str) -> None:
    assert ask(published(DOCUMENT, text)) == NotFound(URL, reason)


def test_without_a_record_the_document_is_not_awaited() -> None:
    scripted = ScriptedNetwork()
    scripted.serve(URL, DOCUMENT, after=NEVER)
    assert ask(scripted) == NotFound(URL, "no-digest")


def test_a_document_of_another_owner_is_not_used() -> None:
    scripted = published()
    scripted.web[URL] = HttpFailure(HttpFault.REDIRECT_FOREIGN, "https://evil.example/x")
    assert ask(scripted) == NotFound("https://evil.example/x", "redirect-foreign")


def test_a_failing_resolver_is_not_an_absence() -> None:
    scripted = published()
    scripted.dns[RECORD] = DnsFailure(DnsFault.SERVFAIL)
    assert ask(scripted) == Unreachable(URL, "servfail")


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 5000, b"1" * 5000, b"NaN"]
)
def test_other_content_is_reported_as_not_json(document: bytes) -> None:
    assert ask(published(document)) == NotFound(URL, "not-json")


@pytest.mark.parametrize(
    "protocols",
    [
        {},
        [],
        {"imap": "imap.bodega.es"},
        {"imap": {"host": 7}},
        {"imap": {"host": "localhost"}},
        {"imap": {"host": "192.0.2.1"}},
        {"imap": {"host": 'im"ap.bodega.es'}},
        {"imap": {"port": 993}},
    ],
)
def test_unusable_hosts_give_no_servers(protocols: object) -> None:
    document = json.dumps({"protocols": protocols}).encode()
    assert ask(published(document)) == NotFound(URL, "no-usable-server")
