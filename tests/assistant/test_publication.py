"""The comparison of what a domain publishes with what it should publish."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypedDict, Unpack

import pytest

from mailsetup import i18n
from mailsetup.assistant.publication.result import (
    Difference,
    PublicationRow,
    PublicationState,
    is_published,
    row_to_json,
)
from mailsetup.assistant.publication.verify import verify_publication
from mailsetup.discovery.exchangers import mail_exchangers
from mailsetup.export.publish import layout
from mailsetup.export.publish.publication import Publication
from mailsetup.export.publish.zone import SrvData, TxtData
from mailsetup.formats.pacc import write_digest
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.certificate import TlsFailure, TlsFault
from mailsetup.model.dns import DnsAnswer, DnsFailure, DnsFault, MxRecord, SrvRecord
from mailsetup.model.settings import AccountSettings
from mailsetup.model.text import has_control
from mailsetup.net.http import HttpFailure, HttpFault, HttpReply
from tests.support.network.scripted_network import ScriptedNetwork, run
from tests.support.samples.published import FULL, OPTIONS, SIMPLE, published

D = "bodega.example"
CONFIG = f"https://autoconfig.{D}/mail/config-v1.1.xml"
WELL_KNOWN = f"https://{D}/.well-known/autoconfig/mail/config-v1.1.xml"
OUTLOOK = f"https://autodiscover.{D}/autodiscover/autodiscover.xml"
OWN_OUTLOOK = f"https://{D}/autodiscover/autodiscover.xml"
PACC = f"https://ua-auto-config.{D}/.well-known/user-agent-configuration.json"
POLICY = f"https://mta-sts.{D}/.well-known/mta-sts.txt"
PAGE = b"<!DOCTYPE html><html><body>Welcome</body></html>"


def hosting(made: Publication) -> ScriptedNetwork:
    """A network in which everything is published as it should be."""
    scripted = ScriptedNetwork()
    for place in layout.PLACES:
        content = made.content(place.file)
        if content is not None:
            reply = HttpReply(200, place.url(made.domain), content, place.media_type)
            (scripted.posts if place.posted else scripted.web)[reply.url] = reply
    srv: dict[str, list[SrvRecord]] = {}
    for record in made.records:
        if isinstance(record, SrvData):
            one = SrvRecord(record.priority, record.weight, record.port, record.target)
            srv.setdefault(record.owner, []).append(one)
        elif isinstance(record, TxtData):
            scripted.dns[record.owner, "TXT"] = DnsAnswer((record.text,))
    for owner, records in srv.items():
        scripted.dns[owner, "SRV"] = DnsAnswer(tuple(records))
    return scripted


def rows(
    made: Publication, change: Callable[[ScriptedNetwork], None] = lambda _world: None
) -> dict[str, PublicationRow]:
    """The rows by location after a change to a complete publication."""
    scripted = hosting(made)
    change(scripted)
    seen = run(verify_publication(made, scripted.network()))
    assert len({row.location for row in seen}) == len(seen)
    return {row.location: row for row in seen}


def fault(
    change: Callable[[ScriptedNetwork], None], location: str, made: Publication | None = None
) -> PublicationRow:
    """The only row that a change affects."""
    seen = rows(made or published(), change)
    affected = {place for place, row in seen.items() if row.state is not PublicationState.RIGHT}
    assert affected == {location}
    return seen[location]


class ReplyChanges(TypedDict, total=False):
    """Fields of a response."""

    status: int
    body: bytes
    content_type: str
    location: str


def web(url: str, **changes: Unpack[ReplyChanges]) -> Callable[[ScriptedNetwork], None]:
    """A change of the response at a URL."""

    def change(scripted: ScriptedNetwork) -> None:
        there = scripted.posts if url in scripted.posts else scripted.web
        reply = there[url]
        assert isinstance(reply, HttpReply)
        there[url] = replace(reply, **changes)

    return change


def fails(url: str, failure: HttpFailure) -> Callable[[ScriptedNetwork], None]:
    def change(scripted: ScriptedNetwork) -> None:
        (scripted.posts if url in scripted.posts else scripted.web)[url] = failure

    return change


def record(owner: str, kind: str, *records: object) -> Callable[[ScriptedNetwork], None]:
    def change(scripted: ScriptedNetwork) -> None:
        if records:
            scripted.dns[owner, kind] = DnsAnswer(records)  # type: ignore[assignment]
        else:
            del scripted.dns[owner, kind]

    return change


@pytest.mark.parametrize("settings", [SIMPLE, FULL], ids=["simple", "full"])
def test_a_complete_publication_is_right_in_every_row(settings: AccountSettings) -> None:
    seen = rows(published(settings))
    assert all(row.state is PublicationState.RIGHT for row in seen.values())
    assert is_published(tuple(seen.values()))


def test_each_file_and_record_has_a_row() -> None:
    made = published(options=replace(OPTIONS, web=("192.0.2.1",)))
    assert set(rows(made)) == {
        CONFIG, WELL_KNOWN, OUTLOOK, OWN_OUTLOOK, PACC, POLICY,
        f"_imaps._tcp.{D}", f"_submissions._tcp.{D}", f"_autodiscover._tcp.{D}",
        f"_ua-auto-config.{D}", f"_mta-sts.{D}", f"_smtp._tls.{D}",
    }  # fmt: skip


@pytest.mark.parametrize("url", [CONFIG, OUTLOOK, PACC, POLICY])
@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"status": 404}, PublicationState.MISSING, "http-404"),
        ({"status": 410}, PublicationState.MISSING, "http-410"),
        ({"status": 503}, PublicationState.UNREACHABLE, "http-503"),
        ({"status": 401}, PublicationState.DIFFERS, "wants-login"),
        (
            {"status": 302, "location": "https://www.bodega.example/"},
            PublicationState.DIFFERS,
            "redirect",
        ),
    ],
    ids=lambda value: str(value),
)
def test_a_status_code_other_than_200_gives_state_and_reason(
    url: str, changes: ReplyChanges, state: PublicationState, reason: str
) -> None:
    row = fault(web(url, **changes), url)
    assert (row.state, row.reason) == (state, reason)
    assert not row.is_well


@pytest.mark.parametrize("url", [CONFIG, OUTLOOK, PACC, POLICY])
@pytest.mark.parametrize(
    ("failure", "state", "reason"),
    [
        (HttpFault.UNRESOLVABLE, PublicationState.MISSING, "no-such-host"),
        (HttpFault.TIMEOUT, PublicationState.UNREACHABLE, "timeout"),
        (HttpFault.UNREACHABLE, PublicationState.UNREACHABLE, "unreachable"),
        (HttpFault.REDIRECT_INSECURE, PublicationState.DIFFERS, "redirect-insecure"),
        (HttpFault.TOO_LARGE, PublicationState.DIFFERS, "too-large"),
    ],
)
def test_an_http_failure_gives_state_and_reason(
    url: str, failure: HttpFault, state: PublicationState, reason: str
) -> None:
    row = fault(fails(url, HttpFailure(failure, url)), url)
    assert (row.state, row.reason) == (state, reason)


def test_a_certificate_for_another_name_is_the_reason() -> None:
    failure = HttpFailure(HttpFault.TLS, POLICY, TlsFailure(TlsFault.WRONG_NAME))
    row = fault(fails(POLICY, failure), POLICY)
    assert (row.state, row.reason) == (PublicationState.UNREACHABLE, "certificate-wrong-name")
    assert "certificate" in row.sentence


@pytest.mark.parametrize("url", [CONFIG, OUTLOOK, POLICY])
def test_an_html_page_in_place_of_the_file_counts_as_missing(url: str) -> None:
    row = fault(web(url, body=PAGE), url)
    assert (row.state, row.reason) == (PublicationState.MISSING, "html")


@pytest.mark.parametrize("url", [WELL_KNOWN, OWN_OUTLOOK])
def test_an_optional_file_may_be_missing_but_not_different(url: str) -> None:
    row = fault(web(url, status=404), url)
    assert row.is_well
    assert row.state is PublicationState.MISSING
    other = published(replace(SIMPLE, provider="x", incoming=FULL.incoming))
    name = layout.CONFIG if url == WELL_KNOWN else layout.AUTODISCOVER
    row = fault(web(url, body=other.content(name) or b""), url)
    assert not row.is_well
    assert row.state is PublicationState.DIFFERS


@pytest.mark.parametrize(
    ("url", "name"),
    [(CONFIG, layout.CONFIG), (OUTLOOK, layout.AUTODISCOVER)],
    ids=["config", "autodiscover"],
)
def test_another_server_is_a_difference_with_both_values(url: str, name: str) -> None:
    moved = replace(SIMPLE, outgoing=(replace(SIMPLE.outgoing[0], host="old.hoster.example"),))
    row = fault(web(url, body=published(moved).content(name) or b""), url)
    assert row.state is PublicationState.DIFFERS
    (change,) = row.differences
    assert change.what == "outgoing"
    assert "mail.bodega.example:465" in change.expected
    assert "old.hoster.example:465" in change.served
    assert "old.hoster.example" in row.sentence


def test_the_same_settings_in_another_form_are_right() -> None:
    def change(scripted: ScriptedNetwork) -> None:
        for url, there in ((CONFIG, scripted.web), (OUTLOOK, scripted.posts)):
            reply = there[url]
            assert isinstance(reply, HttpReply)
            spaced = re.sub(rb">\s*<", b">\r\n\r\n<", reply.body)
            assert spaced != reply.body
            there[url] = replace(reply, body=spaced, content_type="application/xml")

    assert is_published(tuple(rows(published(), change).values()))


def test_a_wrong_content_type_is_a_difference() -> None:
    for url, served in ((CONFIG, "text/html"), (POLICY, "application/octet-stream")):
        row = fault(web(url, content_type=served), url)
        assert [(one.what, one.served) for one in row.differences] == [("content-type", served)]


def test_a_missing_digest_is_reported_for_document_and_record() -> None:
    seen = rows(published(), record(f"_ua-auto-config.{D}", "TXT"))
    assert (seen[PACC].state, seen[PACC].reason) == (PublicationState.MISSING, "no-digest")
    assert seen[f"_ua-auto-config.{D}"].state is PublicationState.MISSING


def test_a_changed_document_differs_from_its_digest() -> None:
    made = published()
    body = (made.content(layout.PACC) or b"") + b" "
    row = fault(web(PACC, body=body), PACC, made)
    assert (row.state, row.reason) == (PublicationState.DIFFERS, "digest-mismatch")


def test_another_document_with_its_own_digest_is_right() -> None:
    made = published()
    body = (made.content(layout.PACC) or b"") + b" "

    def change(scripted: ScriptedNetwork) -> None:
        web(PACC, body=body)(scripted)
        record(f"_ua-auto-config.{D}", "TXT", write_digest(body))(scripted)

    assert is_published(tuple(rows(made, change).values()))


def test_srv_records_are_compared_by_target_and_order() -> None:
    owner = f"_imaps._tcp.{D}"
    heavier = SrvRecord(5, 100, 993, "mail.bodega.example")
    assert is_published(tuple(rows(published(), record(owner, "SRV", heavier)).values()))
    elsewhere = SrvRecord(0, 1, 993, "imap.hoster.example")
    row = fault(record(owner, "SRV", elsewhere), owner)
    assert row.differences == (
        Difference("records", "0 mail.bodega.example:993", "0 imap.hoster.example:993"),
    )
    row = fault(record(owner, "SRV", elsewhere, heavier), owner)
    assert row.state is PublicationState.DIFFERS
    assert fault(record(owner, "SRV"), owner).state is PublicationState.MISSING
    declined = fault(record(owner, "SRV", SrvRecord(0, 0, 0, "")), owner)
    assert declined.differences[0].served == "0 .:0"


def test_priorities_are_compared_where_imap_and_pop3_are_offered() -> None:
    owner = f"_imaps._tcp.{D}"
    last = SrvRecord(90, 1, 993, "mail.bodega.example")
    assert (
        fault(record(owner, "SRV", last), owner, published(FULL)).state is PublicationState.DIFFERS
    )
    path = f"_caldavs._tcp.{D}"
    seen = rows(published(FULL), record(path, "TXT", "path=/elsewhere/"))
    assert seen[f"{path} (TXT)"].differences[0].served == "path=/elsewhere/"
    assert seen[path].state is PublicationState.RIGHT


def test_a_resolver_timeout_is_not_a_missing_record() -> None:
    def change(scripted: ScriptedNetwork) -> None:
        scripted.dns_default = DnsFailure(DnsFault.TIMEOUT)
        scripted.dns.clear()

    seen = rows(published(), change)
    for owner in (f"_imaps._tcp.{D}", f"_mta-sts.{D}", f"_smtp._tls.{D}"):
        assert (seen[owner].state, seen[owner].reason) == (PublicationState.UNREACHABLE, "timeout")


@pytest.mark.parametrize(
    ("texts", "state"),
    [
        (("v=STSv1; id=20260101T000000;",), PublicationState.RIGHT),
        (("v=STSv1;id=a", "v=spf1 -all"), PublicationState.RIGHT),
        (("v=STSv1; id=a;", "v=STSv1; id=b;"), PublicationState.DIFFERS),
        (("v=STSv1; id=a-b;",), PublicationState.DIFFERS),
        (("v=STSv1;",), PublicationState.DIFFERS),
        (("something else",), PublicationState.MISSING),
    ],
)
def test_the_mta_sts_record_needs_one_valid_id(
    texts: tuple[str, ...], state: PublicationState
) -> None:
    owner = f"_mta-sts.{D}"
    assert rows(published(), record(owner, "TXT", *texts))[owner].state is state


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"version: STSv1\nmode: enforce\nmx: mx1.bodega.example\nmx: mx2.bodega.example\n"
         b"max_age: 604800\n", ["mode"]),
        (b"version: STSv1\nmode: testing\nmx: mx1.bodega.example\nmax_age: 604800\n", ["mx"]),
        (b"version: STSv1\r\nmode: testing\r\nmx: MX2.bodega.example\r\n"
         b"mx: mx1.bodega.example\r\nmax_age: 604800\r\nmax_age: 1\r\nnew: x", []),
        (b"version: STSv1\nmode: testing\nmx: mx1.bodega.example\nmx: mx2.bodega.example\n",
         ["max_age"]),
    ],
)  # fmt: skip
def test_the_mta_sts_policy_is_compared_by_key(body: bytes, what: list[str]) -> None:
    row = rows(published(), web(POLICY, body=body))[POLICY]
    assert [change.what for change in row.differences] == what
    assert row.state is (PublicationState.DIFFERS if what else PublicationState.RIGHT)


def test_another_recipient_of_tls_reports_is_a_difference() -> None:
    owner = f"_smtp._tls.{D}"
    row = fault(record(owner, "TXT", "v=TLSRPTv1; rua=mailto:x@other.example"), owner)
    assert row.differences[0].served.endswith("x@other.example")
    spaced = "v=TLSRPTv1;rua=mailto:postmaster@bodega.example;"
    assert is_published(tuple(rows(published(), record(owner, "TXT", spaced)).values()))


def test_served_texts_are_cut_and_without_control_characters() -> None:
    made = published()
    nasty = "v=TLSRPTv1; " + "\x1b[31m\n\u202e" * 500

    def change(scripted: ScriptedNetwork) -> None:
        record(f"_smtp._tls.{D}", "TXT", nasty)(scripted)
        record(f"_mta-sts.{D}", "TXT", "v=STSv1; " + nasty)(scripted)
        web(POLICY, body=b"version: STSv1\nmode: \x1b[31m" + b"x" * 9000)(scripted)
        web(CONFIG, content_type="text/\x1b[31m")(scripted)

    for row in rows(made, change).values():
        texts = [row.sentence, row.reason]
        texts += [part for one in row.differences for part in (one.expected, one.served)]
        assert not any(map(has_control, texts))
        assert all(len(text) < 800 for text in texts)


def test_requests_contain_only_the_postmaster_address() -> None:
    made = published()
    scripted = hosting(made)
    run(verify_publication(made, scripted.network()))
    asked = [url for url in scripted.asked_urls if "?" in url]
    assert asked == [f"{CONFIG}?emailaddress=postmaster%40bodega.example"]
    assert all(b"postmaster@bodega.example" in body for _url, body in scripted.posted)
    assert len(scripted.posted) == 2


@pytest.mark.parametrize("language", tuple(LANGUAGES))
def test_every_state_has_a_sentence_with_the_location(language: str) -> None:
    i18n.set_language(language)
    reasons = ("", "html", "no-such-host", "no-digest", "digest-mismatch", "redirect", "timeout",
               "wants-login", "several-records", "certificate-expired", "http-404")  # fmt: skip
    for state in PublicationState:
        for reason in reasons:
            for location in (CONFIG, f"_imaps._tcp.{D}"):
                for optional in (False, True):
                    row = PublicationRow("x", location, state, reason, optional=optional)
                    assert location in row.sentence
                    assert row.sentence.endswith((".", ")"))
                    assert "{" not in row.sentence


def test_a_row_as_json_is_complete() -> None:
    change = Difference("mode", "testing", "enforce")
    row = PublicationRow("mta-sts", POLICY, PublicationState.DIFFERS, differences=(change,))
    assert row_to_json(row) == {
        "method": "mta-sts",
        "location": POLICY,
        "state": "differs",
        "optional": False,
        "sentence": row.sentence,
        "differences": [{"what": "mode", "expected": "testing", "served": "enforce"}],
    }
    assert (
        row_to_json(PublicationRow("srv", "x", PublicationState.MISSING, "absent"))["reason"]
        == "absent"
    )


def test_mail_exchangers_are_sorted_and_reachable_from_outside() -> None:
    scripted = ScriptedNetwork()
    records = [MxRecord(20, "b.example"), MxRecord(10, "a.example"), MxRecord(30, "a.example")]
    scripted.dns[D, "MX"] = DnsAnswer((*records, MxRecord(40, "localhost")))
    assert run(mail_exchangers(D, scripted.network())) == ("a.example", "b.example")
    scripted.dns[D, "MX"] = DnsAnswer((MxRecord(0, ""),))
    assert run(mail_exchangers(D, scripted.network())) == ()
    assert run(mail_exchangers("gone.example", scripted.network())) == ()
