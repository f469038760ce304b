"""Findings about the rules of a mailbox."""

from datetime import UTC, datetime

import pytest

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.sieve.rule_findings import rule_findings, rule_folders
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Status
from tests.support.samples.sieve_scripts import (
    ANA,
    DISCARDS,
    FORWARDS,
    NOW,
    SCRIPTS,
    VACATION,
    found,
    statuses,
)

# Forwarding ---------------------------------------------------------------------------------


def test_forward_without_copy_fails() -> None:
    finding = found('redirect "casa@lejos.test";')[FORWARDS]
    assert finding.status is Status.FAIL
    assert finding.evidence["copy_stays"] is False
    assert "casa@lejos.test" in explain(finding).title
    assert "loop" not in finding.evidence


def test_forward_of_copies_warns() -> None:
    finding = found('require "copy"; redirect :copy "casa@lejos.test";')[FORWARDS]
    assert finding.status is Status.WARN
    assert finding.evidence["copy_stays"] is True


@pytest.mark.parametrize(
    "script",
    [
        'redirect "a@lejos.test"; keep;',
        'keep; redirect "a@lejos.test";',
        'redirect "a@lejos.test"; fileinto "Copias";',
        'if header :contains "subject" "factura" { redirect "a@lejos.test"; }',
        'if not header :contains "subject" "factura" { redirect "a@lejos.test"; }',
        'if header :is "to" "otro@bodega.test" { redirect "a@lejos.test"; stop; }',
    ],
)
def test_forward_after_which_mail_stays_only_warns(script: str) -> None:
    assert statuses(script) == {FORWARDS: Status.WARN}


@pytest.mark.parametrize(
    "script",
    [
        'if true { redirect "a@lejos.test"; }',
        'if header :contains "subject" "" { redirect "a@lejos.test"; }',
        'if header :matches ["to", "cc"] "*" { redirect "a@lejos.test"; }',
        'if address :is "to" "Ana@bodega.test" { redirect "a@lejos.test"; }',
        'if address :domain :is ["to", "cc"] ["x.test", "bodega.test"] { redirect "a@b.test"; }',
        'if address :matches "to" "a*@bodega.*" { redirect "a@lejos.test"; }',
        'if envelope :localpart "to" "ana" { redirect "a@lejos.test"; }',
        'if size :over 0 { redirect "a@lejos.test"; }',
        'if exists ["from", "date"] { redirect "a@lejos.test"; stop; } keep;',
        'if anyof (header :is "subject" "x", true) { redirect "a@lejos.test"; }',
        'if allof (true, not false) { redirect "a@lejos.test"; }',
        'if header :is "subject" "x" { keep; } else { redirect "a@lejos.test"; }',
        'if false { keep; } elsif true { redirect "a@lejos.test"; } else { keep; }',
        'redirect "a@lejos.test"; discard;',
    ],
)
def test_forward_of_all_mail_is_recognised_through_conditions(script: str) -> None:
    assert statuses(script)[FORWARDS] is Status.FAIL


@pytest.mark.parametrize(
    "script",
    [
        'if false { redirect "a@lejos.test"; }',
        'stop; redirect "a@lejos.test";',
        'if true { keep; } else { redirect "a@lejos.test"; }',
        'if allof (true, false) { redirect "a@lejos.test"; }',
        'if not true { redirect "a@lejos.test"; }',
        '# redirect "a@lejos.test";\n/* redirect "b@lejos.test"; */ keep;',
        'vacation "redirect \\"a@lejos.test\\";"; if false { vacation "x"; }',
    ],
)
def test_unreachable_forward_has_no_finding(script: str) -> None:
    assert FORWARDS not in found(script)


@pytest.mark.parametrize(
    "target",
    ["ana@bodega.test", "ANA@Bodega.Test", "ana+copia@bodega.test", "Ana <ana@bodega.test>"],
)
def test_forward_to_oneself_is_a_loop(target: str) -> None:
    script = f'require "copy"; redirect :copy "{target}"; redirect :copy "a@lejos.test";'
    finding = found(script)[FORWARDS]
    assert finding.evidence["loop"] is True
    assert finding.status is Status.WARN


def test_forward_to_oneself_at_an_international_domain_is_a_loop() -> None:
    address = EmailAddress.parse("ana@peñíscola.test")
    assert isinstance(address, EmailAddress)
    (finding,) = rule_findings('redirect "ana@xn--pescola-8ya9a.test";', address)
    assert finding.evidence["loop"] is True


def test_targets_are_named_once_and_cut() -> None:
    script = "".join(f'redirect "a{n % 9}@lejos.test";' for n in range(40))
    finding = found(script)[FORWARDS]
    assert finding.facts["target"] == tuple(f"a{n}@lejos.test" for n in range(6))


# Discarding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("discard;", Status.FAIL),
        ("if true { discard; stop; }", Status.FAIL),
        ('require "reject"; reject "no";', Status.FAIL),
        ('require "ereject"; ereject "no";', Status.FAIL),
        ('if header :contains "subject" "" { discard; }', Status.FAIL),
        ('if header :is "subject" "spam" { discard; }', Status.WARN),
        ("if size :over 5M { discard; }", Status.WARN),
        ('if anyof (header :is "a" "b", size :over 5M) { discard; }', Status.WARN),
        ('if header :is "x" "y" { keep; stop; } discard;', Status.FAIL),
        ('require "include"; include "otras"; discard;', Status.WARN),
        ('foreverypart { if header :mime :is "a" "b" { discard; stop; } }', Status.WARN),
    ],
)
def test_rule_that_discards_is_reported(script: str, status: Status) -> None:
    assert statuses(script) == {DISCARDS: status}


@pytest.mark.parametrize(
    "script",
    [
        "keep; discard;",
        "discard; keep;",
        'fileinto "Spam"; discard;',
        'fileinto :copy "Spam"; discard;',
        "if false { discard; }",
        "stop; discard;",
        'if header :is "a" "b" { keep; } else { keep; discard; }',
        'if header :is "subject" "x" { error "y"; }',
    ],
)
def test_discard_of_a_stored_message_has_no_finding(script: str) -> None:
    assert found(script) == {}


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        ("# rule:[Adiós spam]", "Adiós spam"),
        ("## Flag: |UniqueId:1|Rulename: Adiós spam", "Adiós spam"),
        ("# Filter: Adiós spam", "Adiós spam"),
        ("# Adiós spam", "Adiós spam"),
    ],
)
def test_rule_is_named_as_its_editor_named_it(comment: str, name: str) -> None:
    script = f'require "fileinto";\n{comment}\nif header :is "a" "b"\n{{\n  discard;\n}}\n'
    finding = found(script)[DISCARDS]
    assert finding.facts["rule"] == (name,)
    assert finding.evidence["rule"] == 'if header :is "a" "b" → discard'


def test_unnamed_rule_is_quoted_from_the_script() -> None:
    finding = found('if header :is "x-spam" "yes" { discard; }')[DISCARDS]
    assert finding.facts["rule"] == ('if header :is "x-spam" "yes" → discard',)
    assert 'if header :is "x-spam" "yes"' in explain(finding).title


def test_rule_names_are_sanitised_and_cut() -> None:
    finding = found("# rule:[x\x1b[31m\u202e" + "y" * 5000 + "]\nif true { discard; }")[DISCARDS]
    shown = explain(finding).title
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 250


def test_rule_that_discards_everything_is_named_first() -> None:
    script = "# rule:[algo]\nif size :over 1M { discard; stop; }\n# rule:[todo]\ndiscard;"
    finding = found(script)[DISCARDS]
    assert finding.evidence["always"] is True
    assert finding.facts["rule"] == ("todo", "algo")


# Filing and unknown commands -----------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "",
        "keep;",
        "stop;",
        'fileinto "Clientes";',
        'include :global "spam";',
        'require "variables"; global "x"; set "y" "z";',
        'some_new_thing :tag ["a"] 5 { other; }',
        'if new_test "x" { keep; }',
    ],
)
def test_rules_without_loss_have_no_finding(script: str) -> None:
    assert found(script) == {}


def test_folders_of_fileinto() -> None:
    script = (
        'require "fileinto"; if header :is "a" "b" { fileinto :copy "Clientes/Ñ"; }'
        'if false { fileinto "Nunca"; } fileinto :create "Otra"; fileinto "Otra";'
    )
    assert rule_folders(script, ANA) == ("Clientes/Ñ", "Otra")
    assert rule_folders("fileinto", ANA) == ()


# Vacation -----------------------------------------------------------------------------------


LIMITED = SCRIPTS["roundcube"]


def test_vacation_is_reported_with_its_dates() -> None:
    finding = found(LIMITED, NOW)[VACATION]
    assert finding.status is Status.WARN
    assert finding.facts == {"from": "2026-07-01", "until": "2026-07-15"}


@pytest.mark.parametrize(
    ("now", "active"),
    [
        (datetime(2026, 6, 30, 21, 59, tzinfo=UTC), False),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), True),
        (datetime(2026, 7, 15, 21, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 7, 15, 22, 0, tzinfo=UTC), False),
    ],
)
def test_vacation_counts_only_within_its_dates_in_its_time_zone(
    now: datetime, *, active: bool
) -> None:
    assert (VACATION in found(LIMITED, now)) is active
    assert VACATION in found(LIMITED)


@pytest.mark.parametrize(
    ("test", "active"),
    [
        ('currentdate :value "ge" "iso8601" "2026-07-10T13:30:00+02:00"', True),
        ('currentdate :value "gt" "iso8601" "2026-07-10T14:30:00+02:00"', False),
        ('currentdate :is "date" "2026-07-10"', True),
        ('currentdate :is "date" "2026-07-11"', False),
        ('not currentdate :value "lt" "date" "2026-07-11"', False),
        ('currentdate :value "ne" "date" "2026-07-10"', False),
        ('currentdate :value "ge" "hour" "23"', True),
        ('currentdate :value "ge" "date" "mañana"', True),
        ('currentdate :value "ge" "date" "0001-01-01T00:00:00+14:00"', True),
        ('currentdate :zone "+9999" :value "ge" "date" "9999-12-31"', False),
        ('currentdate :value "xx" "date" "2026-07-10"', True),
        ('currentdate :value "ge" "date" ["2026-07-10", "2030-01-01"]', True),
        ("currentdate", True),
    ],
)
def test_only_rules_certainly_not_in_force_are_ignored(test: str, *, active: bool) -> None:
    assert (VACATION in found(f'if {test} {{ vacation "x"; }}', NOW)) is active
