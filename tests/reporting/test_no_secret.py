"""No password is in a report, in any format and in any encoding that a server may use."""

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pypdf import PdfReader
from PySide6.QtWidgets import QApplication

from mailsetup.assistant.account_choice import alternatives_to, choose_account
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.gui.pdf import pdf
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.reporting.build import absence_content, report_content
from mailsetup.reporting.content import ReportContent
from mailsetup.reporting.html import html
from mailsetup.reporting.plain_text import text
from tests.support.reporting.pages import Page
from tests.support.reporting.samples import NOW, discovery, healthy, reports, speaking

pytestmark = pytest.mark.slow

PASSWORD = "Zq7-korrekt-pferd"


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoMailSystem]:
    with DemoMailSystem() as mail_system:
        yield mail_system


def forms(content: ReportContent) -> dict[str, str]:
    """The text of each format without white space."""
    pages = PdfReader(io.BytesIO(pdf(content))).pages
    shown = {
        "html": html(content),
        "read": Page(html(content)).text,
        "txt": re.sub(r"(?m)^  \|   ", "", text(content)),
        "pdf": "".join(page.extract_text() for page in pages),
    }
    return {form: re.sub(r"\s", "", made) for form, made in shown.items()}


def encodings(password: str, username: str) -> list[str]:
    plain = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
    return [password, base64.b64encode(password.encode()).decode(), plain]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("address", "password", "cause"),
    [
        ("ana@demo.test", "hola-ana", None),
        ("eva@demo.test", PASSWORD, "account.login.refused"),
        ("llena@demo.test", "hola-llena", "account.quota.full"),
        ("marta@otronombre.test", PASSWORD, "hosting.tls.certificate-wrong-name"),
        ("sara@sincifrar.test", PASSWORD, "hosting.starttls.missing"),
    ],
)
async def test_a_real_check_leaves_no_password_in_any_format(
    demo: DemoMailSystem,
    qapp: QApplication,
    address: str,
    password: str,
    cause: str | None,
    language: str,
) -> None:
    assistant = Assistant(RunOptions(network=demo.options), programs_here=tuple)
    parsed = EmailAddress.parse(address)
    assert isinstance(parsed, EmailAddress)
    found = await assistant.discover(parsed)
    assert found.settings is not None
    account = choose_account(found.settings, parsed)
    assert account is not None
    request = CheckRequest(
        account,
        Secret(password),
        alternatives=alternatives_to(account, found.settings),
        discovery=found,
        wait=15.0,
    )
    report = await assistant.check(request)
    await assistant.close()
    with speaking(language):
        made = report_content(report, found, NOW, secrets=[Secret(password)])
        bare = report_content(report, found, NOW)
    assert (next((f.id for f in made.findings if f.is_cause), None)) == cause
    assert made == bare  # nothing had to be blanked out
    for form, shown in forms(made).items():
        assert address in shown, form
        for secret in encodings(password, address):
            assert secret not in shown, form


async def test_a_search_without_result_is_written_in_every_format(
    demo: DemoMailSystem, qapp: QApplication
) -> None:
    assistant = Assistant(RunOptions(network=demo.options))
    address = EmailAddress("nadie", "sincorreo.test")
    found = await assistant.discover(address)
    assert found.outcome is DiscoveryStatus.NOT_FOUND
    verdict = await assistant.explain_absence(address, found)
    await assistant.close()
    made = absence_content(address, verdict, found, NOW)
    assert made.headline.status is Status.FAIL
    for form, shown in forms(made).items():
        assert re.sub(r"\s", "", made.headline.sentence) in shown, form
        assert "dns.mx.missing" in shown, form


def test_a_password_that_a_server_repeats_is_replaced(qapp: QApplication) -> None:
    report = healthy()
    assert report.incoming is not None
    assert report.round_trip is not None
    username = report.account.incoming.username
    phrases = [f"you said {one}!" for one in encodings(PASSWORD, username)]
    text = " ".join(phrases)
    evidence: dict[str, Fact] = {
        "answer": text,
        "code": "NO",
        "list": tuple(phrases),
        "server": "a:993",
    }
    finding = Finding(
        FindingId.ACCOUNT_FILTER_DISCARDS, Status.WARN, {"rule": tuple(phrases)}, evidence
    )
    report = replace(
        report,
        findings=(finding,),
        incoming=replace(
            report.incoming, alerts=(text,), capabilities=("IDLE", f"X-{PASSWORD}", *phrases)
        ),
        round_trip=replace(report.round_trip, folder=f"INBOX/{PASSWORD}"),
    )
    made = report_content(report, discovery(), NOW, secrets=[Secret(PASSWORD)])
    for form, shown in forms(made).items():
        assert "yousaid•••!" in shown, form
        for secret in encodings(PASSWORD, username):
            assert secret not in shown, form


def test_a_password_that_is_part_of_the_address_is_not_revealed_by_a_replacement() -> None:
    report = reports()["rejected"]
    made = report_content(report, discovery(), NOW, secrets=[Secret("bodegasdelebro")])
    assert "•" not in repr(made)
    assert made.address == "ana@bodegasdelebro.es"


def test_an_empty_password_replaces_nothing() -> None:
    made = report_content(reports()["rejected"], discovery(), NOW, secrets=[Secret("")])
    assert made == report_content(reports()["rejected"], discovery(), NOW)
