"""The evidence of a finding as labelled rows."""

from mailsetup import i18n
from mailsetup.assistant.texts.evidence import evidence_rows
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId


def rows(**evidence: Fact) -> tuple[tuple[str, str], ...]:
    return evidence_rows(Finding(FindingId.DNS_MX_MISSING, Status.FAIL, evidence=evidence))


def test_labels_and_booleans_are_in_the_current_language() -> None:
    i18n.set_language("es")
    assert rows(server="imap.demo.test:993", loop=True) == (
        ("Servidor", "imap.demo.test:993"),
        ("Da vueltas", "sí"),
    )


def test_a_name_without_a_label_is_shown_with_spaces() -> None:
    assert rows(never_heard_of=3) == (("never heard of", "3"),)


def test_lists_are_cut_and_control_characters_removed() -> None:
    many = tuple(f"h{number}" for number in range(100))
    ((_label, value),) = rows(hosts=many)
    assert value.endswith("h19")
    ((_label, value),) = rows(answer="bad \x1b[31mred\x00")
    assert "\x1b" not in value
    assert "\x00" not in value
