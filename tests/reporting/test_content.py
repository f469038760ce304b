"""What a report says, and that nothing in it can be anything but text."""

from dataclasses import replace

import pytest

from mailsetup.assistant.check.report import Elsewhere
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.chain import diagnose
from mailsetup.diagnosis.symptoms import answer
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.source import Channel, Method, Source
from mailsetup.model.symptom import Symptom
from mailsetup.model.text import MAX_ROWS, MAX_TEXT
from mailsetup.reporting.build import absence_content, report_content
from mailsetup.reporting.content import ReportRow, ReportTable
from tests.support.reporting.samples import (
    NO_DMARC,
    NOW,
    REJECTED,
    WRONG_NAME,
    chain,
    content,
    discovery,
    healthy,
    reports,
    speaking,
)


def test_a_healthy_account_is_told_with_its_proof() -> None:
    told = content("healthy")
    assert told.headline.status is Status.OK
    assert (told.headline.title, told.headline.advice) == ("Everything works", "")
    assert told.headline.request == ()
    assert told.headline.proof == (
        "Logged in at imap.correo-iberico.es to receive",
        "Logged in at smtp.correo-iberico.es to send",
        "Messages up to 50 MB may be sent; that is about 36.5 MB of files",
        "A message of 1.4 MB came back after 1.2 s",
        "Its attachment is unchanged",
    )
    assert [link.status for link in told.chain] == [Status.OK] * 4


def test_the_first_broken_link_is_named_with_what_to_do_and_who_does_it() -> None:
    told = content("broken")
    assert told.headline.status is Status.FAIL
    assert told.headline.title == "Broken here: Hosting"
    assert told.headline.sentence == explain(WRONG_NAME).title
    assert told.headline.advice == explain(WRONG_NAME).advice
    assert "Your hosting" in told.headline.who
    assert [finding.id for finding in told.findings if finding.is_cause] == [WRONG_NAME.id]
    assert [finding.id for finding in told.others] == [
        "account.quota.nearly-full",
        "dns.dmarc.missing",
    ]


def test_what_was_not_checked_is_neither_good_nor_bad() -> None:
    told = content("unknown")
    assert told.headline.status is Status.UNKNOWN
    assert told.headline.title == "Nothing broken was found"
    assert {link.word for link in told.chain} == {"works", "not checked"}
    assert any("Maintenance on Sunday" in note for note in told.headline.notes)


def test_a_broken_link_says_why_and_a_good_one_what_it_is() -> None:
    links = {link.link: link for link in content("broken").chain}
    assert links[Link.HOSTING].sentence == explain(WRONG_NAME).title
    assert links[Link.DNS].sentence == explain(NO_DMARC).title
    assert links[Link.CLIENT].sentence.startswith("This computer")


def test_the_complaint_is_answered() -> None:
    told = content("broken", "es")
    assert "No me llegan correos" in told.headline.complaint
    assert told.headline.answer == "Por esto no te llega el correo:"


def test_the_headline_is_about_what_explains_the_complaint() -> None:
    findings = (REJECTED, NO_DMARC)
    report = replace(
        healthy(),
        findings=findings,
        first_broken=Link.HOSTING,
        chain=chain(Status.FAIL, Status.OK, Status.WARN, Status.OK),
        answer=answer(Symptom.SPAM, findings, proven=False, saw_elsewhere=True),
    )
    told = report_content(report, None, NOW)
    assert told.headline.answer == report.answer.sentence if report.answer else ""
    assert told.headline.sentence == explain(NO_DMARC).title
    assert told.headline.title == "To be mended: DNS"
    assert told.headline.status is Status.FAIL
    assert [finding.id for finding in told.others] == [REJECTED.id]


def test_the_message_for_the_hosting_holds_what_they_ask_for() -> None:
    message = content("rejected").headline.request
    assert message[0] == "Hello,"
    assert message[1] == (
        "I have a problem with the mail of ana@bodegasdelebro.es. "
        "The server smtp.correo-iberico.es did not accept the test message."
    )
    for row in (
        "- When: 2026-10-07 14:05 +0200",
        "- Server: smtp.correo-iberico.es:465",
        "- Exact answer of the server: “554 5.7.1 Message refused by policy”",
    ):
        assert row in message
    assert content("rejected").headline.request_to == "To: Your hosting"


def test_a_message_names_no_answer_where_the_server_gave_none() -> None:
    message = "\n".join(content("broken").headline.request)
    assert "“" not in message
    assert "—" not in message
    assert "mail.bodegasdelebro.es:993" in message


def test_nobody_is_written_to_where_the_person_has_to_act() -> None:
    told = content("refused")
    assert told.headline.status is Status.FAIL
    assert (told.headline.request, told.headline.request_to) == ((), "")


def test_messages_to_and_from_a_second_mailbox_are_told() -> None:
    told = content("elsewhere")
    assert "A message to ana@otra.example arrived there (folder INBOX)." in told.headline.proof
    assert "A message from ana@otra.example arrived here (folder Spam)." in told.headline.proof
    assert "The test message could not be removed; delete it by hand." in told.headline.notes
    trips = next(table for table in told.tables if table.title == "Test message")
    assert trips.columns == ("", "To yourself", "To ana@otra.example", "From ana@otra.example")
    assert ("Folder", "INBOX", "INBOX", "Spam") in trips.rows


def test_a_second_mailbox_that_could_not_be_used_is_noted() -> None:
    problem = Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, {"host": "imap.otra.example"})
    told = report_content(
        replace(healthy(), elsewhere=Elsewhere("ana@otra.example", problem=problem)), None, NOW
    )
    assert explain(problem).title in " ".join(told.headline.notes)


def test_the_technician_gets_servers_logins_and_the_search() -> None:
    tables = {table.title: table for table in content("healthy").tables}
    servers = {row[0]: row[1:] for row in tables["Servers"].rows}
    assert servers["Server"] == ("imap.correo-iberico.es", "smtp.correo-iberico.es")
    assert servers["Port"] == ("993", "465")
    assert servers["Encryption"] == ("SSL/TLS", "SSL/TLS")
    assert servers["TLS version"] == ("TLSv1.3", "TLSv1.3")
    assert servers["User name"] == ("ana@bodegasdelebro.es",) * 2
    assert servers["Login used"] == ("SCRAM-SHA-256", "PLAIN")
    assert servers["Time to log in"] == ("41 ms", "38 ms")
    assert servers["Space used"] == ("716.8 MB of 2 GB", "—")
    assert servers["Largest message"] == ("—", "50 MB")
    tried = tables["Where it was looked"]
    assert ("autodiscover", "not reachable (timeout)", "90 ms", "https://autodiscover.x.es/") in (
        tried.rows
    )
    assert len(tried.rows) == 4
    assert ("IMAP", "IDLE, IMAP4rev1, QUOTA") in tables["What the servers can do"].rows
    assert {row[0] for row in tables["This test"].rows} >= {"Program", "System", "Python"}


def test_the_evidence_of_a_finding_is_kept() -> None:
    finding = content("rejected").findings[0]
    assert ReportRow("Code", "554 5.7.1") in finding.evidence
    assert ReportRow("Server", "smtp.correo-iberico.es:465") in finding.evidence


def test_a_settings_file_is_named_without_its_folder() -> None:
    found = replace(
        discovery(), source=Source(Method.FILE, "/home/ana/private/settings.json", Channel.FILE)
    )
    told = report_content(healthy(), found, NOW)
    assert "settings.json" in repr(told)
    assert "private" not in repr(told)


def test_the_test_message_can_not_be_recognised_by_a_report() -> None:
    report = healthy()
    assert report.round_trip is not None
    trip = replace(report.round_trip, message_id="<t0k3n@x>", raw=b"Subject: hidden")
    told = repr(report_content(replace(report, round_trip=trip), None, NOW))
    assert "t0k3n" not in told
    assert "hidden" not in told


def test_the_date_is_written_as_people_write_it() -> None:
    assert content("healthy").when_text == "October 7, 2026, 14:05 (UTC+02:00)"
    assert content("healthy", "es").when_text == "7 de octubre de 2026, 14:05 (UTC+02:00)"


def test_a_report_stays_in_its_language() -> None:
    told = content("broken", "es")
    assert told.language == "es"
    assert told.words.technician == "Para el técnico"
    assert told == content("broken", "es")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_search_that_found_nothing_has_a_report_too(language: str) -> None:
    address = EmailAddress("nadie", "sincorreo.test")
    missing = Finding(FindingId.DNS_MX_MISSING, Status.FAIL, {"domain": "sincorreo.test"})
    with speaking(language):
        told = absence_content(
            address,
            diagnose([missing], ()),
            Discovery(DiscoveryStatus.NOT_FOUND, elapsed_ms=12.0),
            NOW,
        )
        assert told.headline.sentence == explain(missing).title
        assert told.headline.status is Status.FAIL
        unclear = absence_content(
            address, diagnose([], ()), Discovery(DiscoveryStatus.NOT_FOUND), NOW
        )
    assert unclear.headline.status is Status.UNKNOWN
    assert str(address) in unclear.headline.sentence
    assert unclear.headline.advice


HOSTILE = "<script>alert(1)</script>\x00\x1b[31m\u202eevil\u2066\r\n# INJECTED\u2028" + "x" * 10_000


def test_texts_from_outside_are_one_short_line_without_control_characters() -> None:
    row = ReportRow("answer", HOSTILE)
    assert len(row.value) <= MAX_TEXT
    assert not set(row.value) & set("\x00\x1b\u202e\u2066\r\n\u2028")
    table = ReportTable("t", tuple(("a", HOSTILE) for _ in range(10_000)))
    assert len(table.rows) == MAX_ROWS
    assert table.rows[0][1] == row.value


def test_a_hostile_server_fills_no_pages() -> None:
    report = reports()["unknown"]
    assert report.incoming is not None
    incoming = replace(
        report.incoming,
        capabilities=tuple(f"X-{number}{HOSTILE}" for number in range(5000)),
        alerts=(HOSTILE,) * 5,
    )
    told = report_content(replace(report, incoming=incoming), None, NOW)
    assert len(repr(told)) < 20_000
