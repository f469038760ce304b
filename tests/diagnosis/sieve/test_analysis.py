"""What Sieve rules do with mail, read beforehand; and what the interpreter really does."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.sieve.analysis import loop_finding, rule_findings, rule_folders
from mailsetup.diagnosis.sieve.parser import MAX_SCRIPT, UnreadableError, parse
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Status
from tests.support.servers.dovecot import render, sieve_tool_settings
from tests.support.servers.real_servers import missing

ANA = EmailAddress("ana", "bodega.test")
NOW = datetime(2026, 7, 10, 12, 0, tzinfo=UTC)
FORWARDS, DISCARDS = "account.filter.forwards", "account.filter.discards"
VACATION = "account.vacation.active"

CORPUS = {
    "roundcube": """\
require ["copy","fileinto","vacation","date","relational"];
# rule:[Copia]
if anyof (header :contains "subject" "factura", header :contains "from" "banco")
{
    redirect :copy "a@lejos.test";
    stop;
}
# rule:[apagada]
if false # anyof (header :contains "subject" "x")
{
    discard;
}
# rule:[Vacaciones]
if allof (currentdate :zone "+0200" :value "ge" "date" "2026-07-01",
          currentdate :zone "+0200" :value "le" "date" "2026-07-15")
{
    vacation :days 1 :addresses ["ana@bodega.test"] :subject "Fuera" text:
Hola
..
.
;
}
""",
    "vacation-seconds": 'require ["vacation-seconds"];\nvacation :seconds 600 "x";\n',
    "duplicate": 'require "duplicate"; if duplicate :header "message-id" { discard; }',
    "include": 'require ["include"];\ninclude :personal :optional "x";\n',
    "spamtestplus": 'require ["spamtestplus","relational","comparator-i;ascii-numeric",'
    '"fileinto"]; if spamtest :value "ge" :comparator "i;ascii-numeric" "5" '
    '{ fileinto "Junk"; }',
    "special-use": 'require ["fileinto","special-use","mailbox"]; '
    'fileinto :specialuse "\\\\Junk" :create "Junk";',
    "mailbox": 'require ["fileinto","mailbox"]; fileinto :create "Clientes";',
    "enotify": 'require ["enotify"]; notify :message "x" "mailto:a@lejos.test";',
    "reject": 'require ["reject"]; reject text:\nno\n.\n;',
    "editheader": 'require ["editheader"]; addheader "X-A" "b"; keep;',
    "foreverypart": 'require ["foreverypart","mime"]; foreverypart { '
    'if header :mime :anychild :contains "Content-Type" "text" { discard; stop; } }',
    "environment": 'require ["environment"]; if environment :is "name" "x" { keep; }',
    "variables": 'require ["variables"]; set :lower "x" "y"; '
    'if string :is "${x}" "y" { redirect "${x}@lejos.test"; }',
    "extracttext": 'require ["extracttext","variables","foreverypart"]; '
    'foreverypart { extracttext :first 10 "x"; }',
    "mboxmetadata": 'require ["mboxmetadata"]; if metadata :is "INBOX" "/private/x" "y" { keep; }',
    "redirect-dsn": 'require ["redirect-dsn"]; redirect :notify "never" "a@lejos.test";',
    "ihave": 'require ["ihave"]; if ihave "x" { keep; } else { error "y"; }',
    "date": 'require ["date","relational"]; if date :value "le" "received" "hour" "09" { keep; }',
    "encoded-character": 'require ["encoded-character"]; redirect "${hex:61}@lejos.test";',
    "crlf": 'require ["vacation"];\r\nvacation text:\r\nhola\r\n.\r\n;\r\n',
    "regex": 'require ["regex"]; if header :regex "subject" ".*" { discard; }',
    "global": 'require ["include","variables"]; global "x"; keep;',
    "comments": "/* x */ keep; # y\n",
    "index": 'require ["date","index"]; if date :index 1 :last "received" "year" "2026" {}',
    "imap4flags": 'require ["imap4flags"]; setflag "\\\\Seen"; keep :flags ["a", "b"];',
    "subaddress": 'require ["subaddress"]; if address :user "to" "ana" { keep; }',
    "body": 'require ["body"]; if body :raw :contains "x" { discard; }',
    "envelope": 'require ["envelope"]; if envelope :all :is "from" "a@b.test" { stop; }',
}


def found(script: str, now: datetime | None = None) -> dict[str, Finding]:
    return {finding.id: finding for finding in rule_findings(script, ANA, now)}


def statuses(script: str, now: datetime | None = None) -> dict[str, Status]:
    return {each.id: each.status for each in rule_findings(script, ANA, now)}


# Forwarding ---------------------------------------------------------------------------------


def test_a_forward_that_leaves_nothing_here_is_why_no_mail_arrives() -> None:
    finding = found('redirect "casa@lejos.test";')[FORWARDS]
    assert finding.status is Status.FAIL
    assert finding.evidence["copy_stays"] is False
    assert "casa@lejos.test" in explain(finding).title
    assert "loop" not in finding.evidence


def test_a_forward_of_copies_is_worth_knowing() -> None:
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
def test_a_forward_beside_which_mail_stays_is_no_failure(script: str) -> None:
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
def test_a_forward_of_all_mail_is_seen_through_its_conditions(script: str) -> None:
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
def test_a_forward_that_is_never_reached_is_none(script: str) -> None:
    assert FORWARDS not in found(script)


@pytest.mark.parametrize(
    "target",
    ["ana@bodega.test", "ANA@Bodega.Test", "ana+copia@bodega.test", "Ana <ana@bodega.test>"],
)
def test_a_forward_to_oneself_is_a_loop(target: str) -> None:
    script = f'require "copy"; redirect :copy "{target}"; redirect :copy "a@lejos.test";'
    finding = found(script)[FORWARDS]
    assert finding.evidence["loop"] is True
    assert finding.status is Status.WARN


def test_a_forward_to_ones_own_address_at_an_international_domain_is_a_loop() -> None:
    address = EmailAddress.parse("ana@peñíscola.test")
    assert isinstance(address, EmailAddress)
    (finding,) = rule_findings('redirect "ana@xn--pescola-8ya9a.test";', address)
    assert finding.evidence["loop"] is True


def test_all_targets_are_named_once_and_only_some_shown() -> None:
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
def test_a_rule_that_deletes_is_named(script: str, status: Status) -> None:
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
def test_a_discard_of_what_is_kept_elsewhere_is_none(script: str) -> None:
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
def test_a_rule_is_told_by_the_name_that_its_editor_wrote_down(comment: str, name: str) -> None:
    script = f'require "fileinto";\n{comment}\nif header :is "a" "b"\n{{\n  discard;\n}}\n'
    finding = found(script)[DISCARDS]
    assert finding.facts["rule"] == (name,)
    assert finding.evidence["rule"] == 'if header :is "a" "b" → discard'


def test_a_rule_without_a_name_is_told_in_its_own_words() -> None:
    finding = found('if header :is "x-spam" "yes" { discard; }')[DISCARDS]
    assert finding.facts["rule"] == ('if header :is "x-spam" "yes" → discard',)
    assert 'if header :is "x-spam" "yes"' in explain(finding).title


def test_names_of_rules_come_out_plain_and_cut() -> None:
    finding = found("# rule:[x\x1b[31m\u202e" + "y" * 5000 + "]\nif true { discard; }")[DISCARDS]
    shown = explain(finding).title
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 250


def test_the_rule_that_deletes_everything_is_named_first() -> None:
    script = "# rule:[algo]\nif size :over 1M { discard; stop; }\n# rule:[todo]\ndiscard;"
    finding = found(script)[DISCARDS]
    assert finding.evidence["always"] is True
    assert finding.facts["rule"] == ("todo", "algo")


# Filing, and what is not known --------------------------------------------------------------


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
def test_rules_that_lose_nothing_are_silent(script: str) -> None:
    assert found(script) == {}


def test_the_folders_that_rules_put_mail_into_are_known() -> None:
    script = (
        'require "fileinto"; if header :is "a" "b" { fileinto :copy "Clientes/Ñ"; }'
        'if false { fileinto "Nunca"; } fileinto :create "Otra"; fileinto "Otra";'
    )
    assert rule_folders(script, ANA) == ("Clientes/Ñ", "Otra")
    assert rule_folders("fileinto", ANA) == ()


# Vacation -----------------------------------------------------------------------------------


LIMITED = CORPUS["roundcube"]


def test_an_automatic_answer_is_told_with_its_limits() -> None:
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
def test_an_answer_counts_only_in_its_days_in_its_own_time_zone(
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
def test_only_what_is_surely_over_or_to_come_is_left_out(test: str, *, active: bool) -> None:
    assert (VACATION in found(f'if {test} {{ vacation "x"; }}', NOW)) is active


# What is no script, or too much of one ------------------------------------------------------


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
def test_what_cannot_be_read_says_nothing(script: str) -> None:
    assert found(script) == {}


def nested(depth: int) -> str:
    return "if true {" * depth + "discard;" + "}" * depth


def test_nesting_is_read_as_deep_as_pigeonhole_takes_it_and_no_deeper() -> None:
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
def test_the_largest_scripts_cost_little(script: str) -> None:
    assert len(script) <= MAX_SCRIPT + 1
    for finding in rule_findings(script, ANA, NOW):
        assert len(explain(finding).title) < 1000


def test_the_largest_set_of_rules_is_read_to_its_end() -> None:
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
def test_no_text_whatever_raises(script: str) -> None:
    for finding in rule_findings(script, ANA, NOW):
        explain(finding)
    rule_folders(script, ANA)


# Against the interpreter --------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """What Pigeonhole did with a message."""

    redirects: frozenset[str]
    stored: frozenset[str]

    @property
    def lost(self) -> bool:
        return not self.redirects and not self.stored


Interpreter = Callable[[str, str], Done | None]


@pytest.fixture(scope="module")
def interpreter() -> Iterator[Interpreter]:
    """Pigeonhole's own ``sieve-test``: a script and a message's subject -> what it does."""
    reason = "sieve-test is not installed" if shutil.which("sieve-test") is None else missing()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="mailsetup-sieve-"))
    owner = pwd.getpwnam("mail")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    config = folder / "dovecot.conf"
    extensions = ("vacation-seconds", "editheader", "spamtest", "spamtestplus")
    config.write_text(render(sieve_tool_settings(folder, *extensions)))
    script, message = folder / "script.sieve", folder / "message.eml"

    def run(text: str, subject: str) -> Done | None:
        script.write_text(text)
        message.write_text(
            f"From: pepe@lejos.test\nTo: ana@bodega.test\nSubject: {subject}\n"
            "Date: Mon, 1 Jun 2026 10:00:00 +0000\nMessage-ID: <1@lejos.test>\n\nhola\n"
        )
        ran = subprocess.run(
            ["sieve-test", "-c", config, "-a", "ana@bodega.test", "-r", "ana@bodega.test",
             "-f", "pepe@lejos.test", script, message],
            capture_output=True, text=True,
        )  # fmt: skip
        # In the words of Pigeonhole 2.3 and 2.4.
        if re.search("failed to (compile|open sieve script)", ran.stderr):
            return None
        # A script that ends in an error keeps the message.
        assert re.search("final result: (success|failed; resolved)", ran.stderr), ran.stderr
        return Done(
            frozenset(re.findall(r"^ \* redirect message to: <(.*)>$", ran.stdout, re.MULTILINE)),
            frozenset(re.findall(r"^ \* store message in folder: (.*)$", ran.stdout, re.MULTILINE)),
        )

    yield run
    shutil.rmtree(folder)


def agrees(script: str, interpreter: Interpreter) -> None:
    """Nothing that is done was overlooked, and nothing is claimed for sure that is not done."""
    findings = found(script)
    forwards, discards = findings.get(FORWARDS), findings.get(DISCARDS)
    targets = forwards.facts["target"] if forwards is not None else ()
    assert isinstance(targets, tuple)
    all_done = [interpreter(script, subject) for subject in ("hola", "adiós", "otra cosa")]
    for done in all_done:
        assert done is not None, script
        assert done.redirects <= set(targets), script
        assert discards is not None or not done.lost, script
        assert done.stored - {"INBOX"} <= set(rule_folders(script, ANA)), script
    # The last one is a message that no rule singles out.
    ordinary = all_done[-1]
    assert ordinary is not None
    if discards is not None and discards.status is Status.FAIL:
        assert ordinary.lost, script
    if forwards is not None and forwards.status is Status.FAIL:
        assert not ordinary.stored, script


@pytest.mark.servers
@pytest.mark.parametrize(
    "script",
    [
        'if exists ["from", "x-nothing"] { discard; }',
        'if not header :contains "subject" "hola" { keep; stop; } discard;',
        'if not exists "x-nothing" { redirect :copy "a@lejos.test"; } else { discard; }',
        'if not size :over 1M { stop; } redirect "a@lejos.test";',
        'if header :contains "subject" ["x", ""] { fileinto :copy "A"; discard; }',
        'if header :contains "subject" "x" { keep; } elsif true { discard; } else { keep; }',
        'if address :localpart :is "to" "ana" { redirect "a@lejos.test"; discard; }',
        'if address :all :contains "to" "bodega" { redirect "a@lejos.test"; }',
        'if envelope :domain :matches "to" "*.test" { discard; }',
        'redirect "a@lejos.test"; if header :is "subject" "hola" { keep; }',
    ],
)
def test_chosen_rules_are_understood_as_pigeonhole_does(
    script: str, interpreter: Interpreter
) -> None:
    agrees(f'require ["fileinto", "copy", "envelope"]; {script}', interpreter)


@pytest.mark.servers
@pytest.mark.parametrize("script", CORPUS.values(), ids=CORPUS)
def test_whatever_pigeonhole_compiles_is_read(script: str, interpreter: Interpreter) -> None:
    assert parse(script)
    compiled = interpreter(script, "hola") is not None
    # These need a setting of the server, another script, or a younger server.
    absent = "specialuse|metadata|redirect-dsn|extracttext|include"
    assert compiled or re.search(absent, script), script


def any_of(name: str) -> Callable[[list[str]], str]:
    def joined(tests: list[str]) -> str:
        return f"{name}({', '.join(tests)})"

    return joined


def chain(arms: list[tuple[str, str]], last: str | None) -> str:
    text = " els".join(f"if {test} {{ {block} }}" for test, block in arms)
    return text if last is None else f"{text} else {{ {last} }}"


def several(commands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(commands, max_size=3).map(" ".join)


TESTS: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(
        [
            "true",
            "false",
            'header :contains "subject" "hola"',
            'header :is "subject" "adiós"',
            'header :matches "subject" "*"',
            'address :is "to" "ana@bodega.test"',
            'address :domain "to" "lejos.test"',
            'address :matches ["to", "cc"] "a*@*.test"',
            'envelope "to" "ana@bodega.test"',
            'exists ["from", "x-nothing"]',
            'exists ["from", "to"]',
            "size :over 1M",
            "size :under 1M",
        ]
    ),
    lambda inner: st.one_of(
        inner.map("not {}".format),
        st.lists(inner, min_size=1, max_size=3).map(any_of("allof")),
        st.lists(inner, min_size=1, max_size=3).map(any_of("anyof")),
    ),
    max_leaves=4,
)
COMMANDS: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(
        [
            "keep;",
            "discard;",
            "stop;",
            'redirect "a@lejos.test";',
            'redirect :copy "b@lejos.test";',
            'fileinto "A";',
            'fileinto :copy "B";',
        ]
    ),
    lambda inner: st.builds(
        chain,
        st.lists(st.tuples(TESTS, several(inner)), min_size=1, max_size=3),
        st.none() | several(inner),
    ),
    max_leaves=8,
)


@pytest.mark.servers
@settings(
    max_examples=120,
    deadline=None,
    # Every step of shrinking would run the interpreter; what fails is small as it is.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(several(COMMANDS))
def test_any_rules_are_understood_as_pigeonhole_does(interpreter: Interpreter, script: str) -> None:
    agrees(f'require ["fileinto", "copy", "envelope"]; {script}', interpreter)


# A forward that brings mail back ------------------------------------------------------------


def trace(*fields: str) -> bytes:
    """A message with these fields on top, the latest first."""
    rest = "From: ana@bodega.test\r\nTo: ana@bodega.test\r\nSubject: prueba\r\n\r\nhola\r\n"
    return ("".join(f"{field}\r\n" for field in fields) + rest).encode()


OURS = (
    "Received: from [10.0.0.2] by mx.bodega.test (Postfix) with ESMTPSA id 1 for <ana@bodega.test>"
)
LAID = "Delivered-To: ana@bodega.test"
LMTP = "Received: from mx.bodega.test by mx.bodega.test with LMTP id 2 for <ana@bodega.test>"
AWAY = "Received: from mx.bodega.test by mx.lejos.test (Postfix)\r\n\tid 3 for <pepe@lejos.test>"
BACK = "Received: from mx.lejos.test by mx.bodega.test (Postfix) id 4 for <ana@bodega.test>"


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (LAID, LMTP, OURS),
        (LAID, LMTP, LAID, LMTP, OURS),
        ("Delivered-To: bodega.test-ana@bodega.test", LMTP, OURS),
        ("Delivered-To: ana@mx.bodega.test", LMTP, OURS, OURS),
        (LAID, LMTP, "Delivered-To: ana@mx.bodega.test", LMTP, OURS),
        # An anti-spam company between sending and receiving.
        (LAID, BACK, "Received: from mx.bodega.test by filter.limpio.test for <ana@bodega.test>",
         OURS),
        (LAID, BACK, LAID, "Received: from x by filter.limpio.test for <ana@bodega.test>", OURS),
        # Internal names of a large company's hosts.
        ("Delivered-To: ana@bodega.test", "Received: by 2002:a05:1 with SMTP id x",
         "Received: from a by mx.google.test with ESMTPS id y for <ana@bodega.test>"),
        # An alias.
        ("Delivered-To: ventas@bodega.test", LMTP, OURS),
        ("X-Loop: pepe@lejos.test", LAID, LMTP, OURS),
        ("X-Forwarded-For: 10.0.0.1, 10.0.0.2", LAID, LMTP, OURS),
        ("X-Forwarded-For: pepe@lejos.test ana@bodega.test", LAID, OURS),
        ("Received: by", "Received:", "Delivered-To:", "X-Loop:"),
    ],
)  # fmt: skip
def test_an_ordinary_way_to_oneself_is_no_loop(fields: tuple[str, ...]) -> None:
    assert loop_finding(trace(*fields), ANA) is None


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        ((LAID, LMTP, BACK, AWAY, LMTP, OURS), "pepe@lejos.test"),
        ((LAID, BACK, "Delivered-To: pepe@lejos.test", LAID, OURS), "pepe@lejos.test"),
        ((LAID, LMTP, "Delivered-To: pepe@bodega.test", LMTP, LAID, LMTP, OURS),
         "pepe@bodega.test"),
        ((LAID, BACK, "Received: by mx.lejos.test id 3", LAID, OURS), "ana@bodega.test"),
        (("X-Loop: ana@bodega.test", LAID, LMTP, OURS), "ana@bodega.test"),
        (("X-Sieve-Redirected-From: Ana@Bodega.test", LAID, OURS), "ana@bodega.test"),
        (("X-Forwarded-To: pepe@lejos.test",
          "X-Forwarded-For: ana@bodega.test pepe@lejos.test", LAID), "pepe@lejos.test"),
        (("X-MS-Exchange-Inbox-Rules-Loop: ana@bodega.test", BACK), "ana@bodega.test"),
        (("Resent-From: Ana <ana@bodega.test>", BACK), "ana@bodega.test"),
    ],
)  # fmt: skip
def test_mail_that_was_sent_on_and_came_back_is_a_loop(
    fields: tuple[str, ...], target: str
) -> None:
    finding = loop_finding(trace(*fields), ANA)
    assert finding is not None
    assert finding.id == "account.filter.loops"
    assert finding.status is Status.WARN
    assert finding.evidence["loop"] is True
    assert finding.facts["target"] == (target,)
    assert target in explain(finding).title


# As Dovecot, Pigeonhole and Postfix wrote it: ida -> vuelta -> ida, each with a copying redirect.
REAL_LOOP = """\
Return-Path: <ida@bodega.test>
Delivered-To: ida@bodega.test
Received: from mx.bodega.test
\tby vm with LMTP
\tid wOtTCpB/BmvkegAAg+zDdQ
\t(envelope-from <ida@bodega.test>)
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000
Received: from vm (localhost [127.0.0.1])
\tby mx.bodega.test (Postfix) with ESMTP id 2590A2291BA
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000 (UTC)
X-Sieve: Pigeonhole Sieve 0.5.19 (4eae2f79)
X-Sieve-Redirected-From: vuelta@hoster.test
Delivered-To: vuelta@hoster.test
Received: from mx.bodega.test
\tby vm with LMTP
\tid 2B1XCJB/BmvkegAAg+zDdQ
\t(envelope-from <ida@bodega.test>)
\tfor <vuelta@hoster.test>; Wed, 25 Nov 2026 06:26:24 +0000
Received: from vm (localhost [127.0.0.1])
\tby mx.bodega.test (Postfix) with ESMTP id 1FD972291AE
\tfor <vuelta@hoster.test>; Wed, 25 Nov 2026 06:26:24 +0000 (UTC)
X-Sieve: Pigeonhole Sieve 0.5.19 (4eae2f79)
X-Sieve-Redirected-From: ida@bodega.test
Delivered-To: ida@bodega.test
Received: from mx.bodega.test
\tby vm with LMTP
\tid fJbkBpB/BmvkegAAg+zDdQ
\t(envelope-from <ida@bodega.test>)
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000
Received: from [127.0.0.1] (localhost [127.0.0.1])
\tby mx.bodega.test (Postfix) with ESMTP id 16066229199
\tfor <ida@bodega.test>; Wed, 25 Nov 2026 06:26:24 +0000 (UTC)
From: ida@bodega.test
To: ida@bodega.test
Subject: p

hola
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("without", ["(none)", "X-Sieve", "X-Sieve|Received", "X-Sieve|Delivered"])
def test_a_loop_that_really_happened_is_seen_by_each_kind_of_its_traces(
    without: str, line_end: str
) -> None:
    unfolded = re.sub(r"\n\t", " ", REAL_LOOP)
    kept = [line for line in unfolded.split("\n") if not re.match(without, line)]
    finding = loop_finding(line_end.join(kept).encode(), EmailAddress("ida", "bodega.test"))
    assert finding is not None
    assert finding.facts["target"] == ("vuelta@hoster.test",)


def test_the_first_copy_of_the_same_message_shows_no_loop_yet() -> None:
    first = REAL_LOOP.partition("X-Sieve-Redirected-From: ida@bodega.test\n")[2]
    assert loop_finding(first.encode(), EmailAddress("ida", "bodega.test")) is None


def test_a_message_that_was_sent_on_here_and_not_by_us_is_no_loop() -> None:
    second = "Delivered-To: vuelta" + REAL_LOOP.partition("Delivered-To: vuelta")[2]
    assert loop_finding(second.encode(), EmailAddress("vuelta", "hoster.test")) is None


def test_fields_in_the_body_are_not_believed() -> None:
    assert loop_finding(trace(LAID, OURS) + b"X-Loop: ana@bodega.test\r\n", ANA) is None


@pytest.mark.timeout(20)
def test_a_flood_of_fields_is_cut_off() -> None:
    finding = loop_finding(trace(*[BACK, AWAY] * 100_000, OURS), ANA)
    assert finding is not None
    assert finding.facts["target"] == ("pepe@lejos.test",)
    assert loop_finding(b"Received: " + b"by a " * 10_000_000, ANA) is None
    assert loop_finding(b"\n " * 10_000_000, ANA) is None


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["Received: ", "Delivered-To: ", "X-Loop: ", "Resent-From: ", "", "\n "]),
        st.one_of(st.binary(max_size=80), st.sampled_from([b"by x for <ana@bodega.test>"])),
    ),
    max_size=12,
).map(lambda all_: b"\r\n".join(name.encode() + value for name, value in all_))


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=300), FIELDS))
def test_no_message_whatever_raises(raw: bytes) -> None:
    finding = loop_finding(raw, ANA)
    if finding is not None:
        explain(finding)


def test_the_reader_says_so_where_a_text_is_no_script() -> None:
    with pytest.raises(UnreadableError):
        parse("discard")
