"""Numbers for people to read, in the current language."""

from collections.abc import Iterator

import pytest

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.checks.server import quota_findings
from mailsetup.i18n import language, override_language, set_language
from mailsetup.i18n.numbers import decimal, seconds, short, size
from mailsetup.model.dialogue import LoggedIn, Quota
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Protocol, ServerSettings, SocketType

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def the_language_comes_back() -> Iterator[None]:
    before = language()
    yield
    set_language(before)


@pytest.mark.parametrize(("spoken", "point"), [("es", ","), ("en", ".")])
def test_the_decimal_sign_is_the_languages(spoken: str, point: str) -> None:
    set_language(spoken)
    assert decimal(1.25) == f"1{point}2"
    assert decimal(3) == f"3{point}0"
    assert short(3.04) == "3"
    assert short(3.06) == f"3{point}1"
    assert seconds(1240) == f"1{point}2 s"
    assert size(1536) == f"1{point}5 KB"
    assert size(MIB * 14 // 10) == f"1{point}4 MB"
    assert size(50 * MIB) == "50 MB"
    assert size(1536 * MIB) == f"1{point}5 GB"


def test_an_overridden_language_has_its_own_numbers() -> None:
    set_language("en")
    with override_language("es"):
        assert decimal(0.5) == "0,5"
    assert decimal(0.5) == "0.5"


def test_numbers_in_sentences_follow_the_current_language() -> None:
    server = ServerSettings(Protocol.IMAP, "imap.a.es", 993, SocketType.TLS, "ana@a.es")
    quota = Quota(used=1887437, limit=1992295)
    (nearly,) = quota_findings(LoggedIn(server, "PLAIN", "TLSv1.3", 1.0, quota=quota))
    large = Finding(
        FindingId.HOSTING_SIZE_TOO_SMALL, Status.FAIL, {"limit_mib": 9.5, "size_mib": 12.0}
    )
    set_language("en")
    assert "1.8 GB of 1.9 GB" in explain(nearly).title
    assert "9.5 MB; this one has 12 MB" in explain(large).title
    set_language("es")
    assert "1,8 GB de 1,9 GB" in explain(nearly).title
    assert "9,5 MB" in explain(large).title


def test_messages_are_counted_without_a_unit() -> None:
    server = ServerSettings(Protocol.IMAP, "imap.a.es", 993, SocketType.TLS, "ana@a.es")
    quota = Quota(used=1000, limit=1000, counts_messages=True)
    (full,) = quota_findings(LoggedIn(server, "PLAIN", "TLSv1.3", 1.0, quota=quota))
    set_language("en")
    assert "(1000 of 1000)" in explain(full).title
