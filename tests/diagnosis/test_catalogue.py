"""The catalogue of findings."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup.diagnosis.catalogue import _ROWS, CATALOGUE, explain
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId

REQUIRED = frozenset(
    {
        "client.address.malformed",
        "client.address.typo",
        "client.network.offline",
        "client.network.captive-portal",
        "client.network.port-blocked",
        "client.dns.broken",
        "client.dns.hijacked",
        "client.clock.wrong",
        "client.tls.intercepted",
        "client.program.wrong-settings",
        "dns.domain.missing",
        "dns.domain.unanswered",
        "dns.domain.bogus",
        "dns.mx.missing",
        "dns.mx.null",
        "dns.mx.unresolvable",
        "dns.mx.elsewhere",
        "dns.mx.two-hostings",
        "dns.spf.missing",
        "dns.spf.multiple",
        "dns.spf.too-many-lookups",
        "dns.spf.sender-not-covered",
        "dns.spf.permissive",
        "dns.dkim.missing",
        "dns.dkim.invalid",
        "dns.dmarc.missing",
        "dns.dmarc.invalid",
        "dns.dmarc.not-aligned",
        "dns.mta-sts.broken",
        "dns.settings.unpublished",
        "hosting.server.unresolvable",
        "hosting.server.unreachable",
        "hosting.server.refused",
        "hosting.server.temporary",
        "hosting.server.blocks-us",
        "hosting.tls.certificate-expired",
        "hosting.tls.certificate-wrong-name",
        "hosting.tls.certificate-unknown-issuer",
        "hosting.tls.too-old",
        "hosting.starttls.missing",
        "hosting.login.no-common-mechanism",
        "hosting.size.too-small",
        "hosting.message.rejected",
        "hosting.message.not-arrived",
        "hosting.message.delayed",
        "hosting.attachment.altered",
        "hosting.attachment.removed",
        "account.login.refused",
        "account.login.username-form",
        "account.login.app-password-needed",
        "account.login.oauth-needed",
        "account.login.web-login-needed",
        "account.login.locked",
        "account.login.expired",
        "account.login.rate-limited",
        "account.imap.disabled",
        "account.smtp.disabled",
        "account.quota.full",
        "account.quota.nearly-full",
        "account.mailbox.missing",
        "account.send.sender-not-allowed",
        "account.send.limit-reached",
        "account.mail.in-spam",
        "account.mail.in-other-folder",
        "account.filter.forwards",
        "account.filter.discards",
        "account.vacation.active",
    }
)


def test_every_id_has_one_row() -> None:
    assert list(CATALOGUE) == [row.id for row in _ROWS]
    assert set(CATALOGUE) == set(FindingId)


def test_published_ids_still_exist() -> None:
    assert set(CATALOGUE) >= REQUIRED


@pytest.mark.parametrize("finding_id", sorted(CATALOGUE))
def test_id_has_link_subject_and_state(finding_id: FindingId) -> None:
    assert re.fullmatch(r"[a-z0-9]+\.[a-z0-9-]+\.[a-z-]+", finding_id)
    assert Finding(finding_id, Status.FAIL).link in Link


@pytest.mark.parametrize("finding_id", sorted(CATALOGUE))
def test_texts_use_plain_placeholders_only(finding_id: FindingId) -> None:
    for text in (CATALOGUE[finding_id].title, CATALOGUE[finding_id].advice):
        for _literal, name, spec, conversion in string.Formatter().parse(text):
            assert name is None or name.isidentifier()
            assert not spec
            assert not conversion


def test_missing_facts_leave_no_placeholder() -> None:
    shown = explain(Finding(FindingId.HOSTING_SERVER_REFUSED, Status.FAIL))
    assert "{" not in shown.title


def test_server_text_is_sanitised_and_cut() -> None:
    hostile = "\x1b[31m<b>x</b>\n" + "y" * 5000
    shown = explain(Finding(FindingId.CLIENT_TLS_INTERCEPTED, Status.FAIL, {"issuer": hostile}))
    assert "\x1b" not in shown.title
    assert "\n" not in shown.title
    assert len(shown.title) < 400


def test_braces_in_a_fact_are_no_placeholders() -> None:
    shown = explain(
        Finding(FindingId.CLIENT_TLS_INTERCEPTED, Status.FAIL, {"issuer": "{host} {0}"})
    )
    assert "{host} {0}" in shown.title


def _provoked(path: Path) -> Iterator[str]:
    """Ids that a test's ``fault`` marks name: ``pytest.mark.fault(id, …)`` or ``fault(id, …)``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            values = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if name == "fault":
                yield from (value for value in values if isinstance(value, str))


def test_every_finding_is_provoked_by_a_whole_check() -> None:
    tests = Path(__file__).parent.parent
    whole = ("diagnosis/test_fault_table*.py", "cli/test_*.py", "oauth/test_sign_in_real.py")
    tables = [path for pattern in whole for path in tests.glob(pattern)]
    provoked = {identity for path in tables for identity in _provoked(path)}
    assert set(CATALOGUE) - provoked == set()
