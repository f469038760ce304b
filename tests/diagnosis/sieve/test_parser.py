"""Texts that are no script, and the limits of the parser."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.sieve.parser import MAX_SCRIPT, SieveSyntaxError, parse
from mailsetup.diagnosis.sieve.rule_findings import rule_findings, rule_folders
from tests.support.samples.sieve_scripts import ANA, DISCARDS, NOW, found


@pytest.mark.parametrize(
    "script",
    [
        "discard",
        "discard; }",
        "if true { discard;",
        'redirect "a@lejos.test',
        "redirect text:\na@lejos.test\n;",
        "discard; /* open",
        "if allof (true { discard; }",
        "if allof () { discard; }",
        "discard; \x00",
        "discard; ñ;",
        '["a"] discard;',
        "discard " + "(" * 200,
        "<html>discard;</html>",
        "discard; 99999999999999999999999;",
    ],
)
def test_invalid_script_has_no_finding(script: str) -> None:
    assert found(script) == {}


def nested(depth: int) -> str:
    return "if true {" * depth + "discard;" + "}" * depth


def test_nesting_limit_is_that_of_pigeonhole() -> None:
    assert DISCARDS in found(nested(32))
    assert found(nested(33)) == {}
    assert found(nested(30_000)) == {}
    assert DISCARDS in found("if " + "not " * 30 + "true { discard; }")
    assert found("if " + "not " * 100_000 + "true { discard; }") == {}
    assert found("if " + "allof(" * 100_000) == {}


RULE = 'if header :contains "subject" "abc" { fileinto "x"; stop; }\n'
HUGE = {
    "rules": RULE * (MAX_SCRIPT // len(RULE)),
    "drops": "if size :over 1M { discard; }\n" * (MAX_SCRIPT // 30),
    "elsif": "if false {}" + "elsif size :over 1 { keep; }" * (MAX_SCRIPT // 29),
    "strings": "redirect [" + '"a",' * (MAX_SCRIPT // 4 - 10) + '"a"];',
    "keys": 'if address :matches "to" [' + '"*a*",' * (MAX_SCRIPT // 6 - 20) + '"x"] {discard;}',
    "comment": "#" + "x" * (MAX_SCRIPT - 10) + "\n",
    "blanks": " " * MAX_SCRIPT,
    "one string": 'redirect "' + "\\a" * (MAX_SCRIPT // 2 - 20) + '";',
    "open string": '"' + "\\a" * (MAX_SCRIPT // 2 - 20),
    "lines": "vacation text:\n" + "..\n" * (MAX_SCRIPT // 3 - 20) + ".\n;",
    "texts": "text:\n.\n" * (MAX_SCRIPT // 8),
    "remarks": "/*" * (MAX_SCRIPT // 2),
    "stars": 'if address :matches "to" "' + "*a" * (MAX_SCRIPT // 2 - 40) + '" { discard; }',
    "digits": "1" * MAX_SCRIPT,
    "semicolons": "a;" * (MAX_SCRIPT // 2),
    "too much": " " * (MAX_SCRIPT + 1),
}


@pytest.mark.parametrize("script", HUGE.values(), ids=HUGE)
@pytest.mark.timeout(20)
def test_largest_scripts_are_evaluated_quickly(script: str) -> None:
    assert len(script) <= MAX_SCRIPT + 1
    for finding in rule_findings(script, ANA, NOW):
        assert len(explain(finding).title) < 1000


def test_largest_script_is_read_to_its_end() -> None:
    assert DISCARDS in found((RULE * (MAX_SCRIPT // len(RULE) - 1)) + "discard;")


WORDS = st.sampled_from(
    [
        *"{}()[];,#",
        *("if ", "elsif ", "else ", "allof", "anyof", "not ", "true", "false", "header "),
        *(":contains", ":is", ":matches", ":value", ":over", ":copy", ":zone", "address", "size "),
        *('"ge"', '"subject"', '"to"', '"*"', '""', '"date"', '"iso8601"', '"X"', "0", "1K"),
        *('"ana@bodega.test"', '"a@lejos.test"', '"+1400"', '"-1459"', '"9999-12-31"'),
        *('"0001-01-01T00:00:00+14:00"', "text:\n.\n", "\n", "/*", "*/", '"\\"', "\0"),
        *("exists ", "redirect ", "discard;", "keep;", "stop;", "fileinto ", "vacation "),
        *("currentdate ", "include ", "require ", "foreverypart", "return;", "error "),
    ]
)


@settings(max_examples=600, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=60).map(" ".join)))
@example('if currentdate :value "ge" "iso8601" "9999-12-31T23:00:00-14:00" { discard; }')
@example("\ufeffdiscard;")
@example("\ud800")
def test_no_text_raises(script: str) -> None:
    for finding in rule_findings(script, ANA, NOW):
        explain(finding)
    rule_folders(script, ANA)


def test_parser_raises_for_invalid_script() -> None:
    with pytest.raises(SieveSyntaxError):
        parse("discard")
