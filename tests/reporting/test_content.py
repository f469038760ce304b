"""The content of a report, and the limits of its texts."""

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


def test_the_report_on_a_healthy_account_has_the_proof() -> None:
    made = content("healthy")
    assert made.headline.status is Status.OK
    assert (made.headline.title, made.headline.advice) == ("Everything works", "")
    assert made.headline.request == ()
    assert made.headline.proof == (
        "Logged in at imap.correo-iberico.es to receive",
        "Logged in at smtp.correo-iberico.es to send",
        "Messages up to 50 MB may be sent; that is about 36.5 MB of files",
        "A message of 1.4 MB came back after 1.2 s",
        "Its attachment is unchanged",
    )
    assert [link.status for link in made.chain] == [Status.OK] * 4


def test_the_headline_has_the_broken_link_the_advice_and_who_can_act() -> None:
    made = content("broken")
    assert made.headline.status is Status.FAIL
    assert made.headline.title == "Broken here: Hosting"
    assert made.headline.sentence == explain(WRONG_NAME).title
    assert made.headline.advice == explain(WRONG_NAME).advice
    assert "Your hosting" in made.headline.who
    assert [finding.id for finding in made.findings if finding.is_cause] == [WRONG_NAME.id]
    assert [finding.id for finding in made.others] == [
        "account.quota.nearly-full",
        "dns.dmarc.missing",
    ]


def test_links_that_were_not_checked_make_the_verdict_unknown() -> None:
    made = content("unknown")
    assert made.headline.status is Status.UNKNOWN
    assert made.headline.title == "Nothing broken was found"
    assert {link.word for link in made.chain} == {"works", "not checked"}
    assert any("Maintenance on Sunday" in note for note in made.headline.notes)


def test_a_broken_link_has_its_reason_and_a_good_one_its_meaning() -> None:
    links = {link.link: link for link in content("broken").chain}
    assert links[Link.HOSTING].sentence == explain(WRONG_NAME).title
    assert links[Link.DNS].sentence == explain(NO_DMARC).title
    assert links[Link.CLIENT].sentence.startswith("This computer")


def test_the_headline_answers_the_complaint() -> None:
    made = content("broken", "es")
    assert "No me llegan correos" in made.headline.complaint
    assert made.headline.answer == "Por esto no te llega el correo:"


def test_the_headline_is_about_what_explains_the_complaint() -> None:
    findings = (REJECTED, NO_DMARC)
    report = replace(
        healthy(),
        findings=findings,
        first_broken=Link.HOSTING,
        chain=chain(Status.FAIL, Status.OK, Status.WARN, Status.OK),
        answer=answer(Symptom.SPAM, findings, proven=False, saw_elsewhere=True),
    )
    made = report_content(report, None, NOW)
    assert made.headline.answer == report.answer.sentence if report.answer else ""
    assert made.headline.sentence == explain(NO_DMARC).title
    assert made.headline.title == "To be mended: DNS"
    assert made.headline.status is Status.FAIL
    assert [finding.id for finding in made.others] == [REJECTED.id]


def test_the_request_to_the_hosting_has_time_server_and_answer() -> None:
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


def test_the_request_has_no_answer_row_without_an_answer() -> None:
    message = "\n".join(content("broken").headline.request)
    assert "“" not in message
    assert "—" not in message
    assert "mail.bodegasdelebro.es:993" in message


def test_there_is_no_request_where_the_person_has_to_act() -> None:
    made = content("refused")
    assert made.headline.status is Status.FAIL
    assert (made.headline.request, made.headline.request_to) == ((), "")


def test_the_report_has_the_messages_of_the_second_mailbox() -> None:
    made = content("elsewhere")
    assert "A message to ana@otra.example arrived there (folder INBOX)." in made.headline.proof
    assert "A message from ana@otra.example arrived here (folder Spam)." in made.headline.proof
    assert "The test message could not be removed; delete it by hand." in made.headline.notes
    trips = next(table for table in made.tables if table.title == "Test message")
    assert trips.columns == ("", "To yourself", "To ana@otra.example", "From ana@otra.example")
    assert ("Folder", "INBOX", "INBOX", "Spam") in trips.rows


def test_a_second_mailbox_that_could_not_be_used_is_a_note() -> None:
    problem = Finding(FindingId.ACCOUNT_LOGIN_REFUSED, Status.FAIL, {"host": "imap.otra.example"})
    made = report_content(
        replace(healthy(), elsewhere=Elsewhere("ana@otra.example", problem=problem)), None, NOW
    )
    assert explain(problem).title in " ".join(made.headline.notes)


def test_the_tables_have_servers_logins_and_sources() -> None:
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


def test_a_finding_has_its_evidence() -> None:
    finding = content("rejected").findings[0]
    assert ReportRow("Code", "554 5.7.1") in finding.evidence
    assert ReportRow("Server", "smtp.correo-iberico.es:465") in finding.evidence


def test_the_path_of_a_settings_file_is_left_out() -> None:
    found = replace(
        discovery(), source=Source(Method.FILE, "/home/ana/private/settings.json", Channel.FILE)
    )
    made = report_content(healthy(), found, NOW)
    assert "settings.json" in repr(made)
    assert "private" not in repr(made)


def test_the_report_does_not_identify_the_test_message() -> None:
    report = healthy()
    assert report.round_trip is not None
    trip = replace(report.round_trip, message_id="<t0k3n@x>", raw=b"Subject: hidden")
    made = repr(report_content(replace(report, round_trip=trip), None, NOW))
    assert "t0k3n" not in made
    assert "hidden" not in made


def test_the_date_is_in_the_format_of_the_language() -> None:
    assert content("healthy").when_text == "October 7, 2026, 14:05 (UTC+02:00)"
    assert content("healthy", "es").when_text == "7 de octubre de 2026, 14:05 (UTC+02:00)"


def test_a_report_is_in_the_language_of_its_making() -> None:
    made = content("broken", "es")
    assert made.language == "es"
    assert made.words.technician == "Para el técnico"
    assert made == content("broken", "es")


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_search_without_result_has_a_report(language: str) -> None:
    address = EmailAddress("nadie", "sincorreo.test")
    missing = Finding(FindingId.DNS_MX_MISSING, Status.FAIL, {"domain": "sincorreo.test"})
    with speaking(language):
        made = absence_content(
            address,
            diagnose([missing], ()),
            Discovery(DiscoveryStatus.NOT_FOUND, elapsed_ms=12.0),
            NOW,
        )
        assert made.headline.sentence == explain(missing).title
        assert made.headline.status is Status.FAIL
        unclear = absence_content(
            address, diagnose([], ()), Discovery(DiscoveryStatus.NOT_FOUND), NOW
        )
    assert unclear.headline.status is Status.UNKNOWN
    assert str(address) in unclear.headline.sentence
    assert unclear.headline.advice


HOSTILE = "<script>alert(1)</script>\x00\x1b[31m\u202eevil\u2066\r\n# INJECTED\u2028" + "x" * 10_000


def test_texts_are_cut_to_one_line_without_control_characters() -> None:
    row = ReportRow("answer", HOSTILE)
    assert len(row.value) <= MAX_TEXT
    assert not set(row.value) & set("\x00\x1b\u202e\u2066\r\n\u2028")
    table = ReportTable("t", tuple(("a", HOSTILE) for _ in range(10_000)))
    assert len(table.rows) == MAX_ROWS
    assert table.rows[0][1] == row.value


def test_the_texts_of_a_server_are_limited_in_number_and_length() -> None:
    report = reports()["unknown"]
    assert report.incoming is not None
    incoming = replace(
        report.incoming,
        capabilities=tuple(f"X-{number}{HOSTILE}" for number in range(5000)),
        alerts=(HOSTILE,) * 5,
    )
    made = report_content(replace(report, incoming=incoming), None, NOW)
    assert len(repr(made)) < 20_000
