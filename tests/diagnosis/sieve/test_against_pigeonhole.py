"""Findings about rules, compared with what Pigeonhole's interpreter really does."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailsetup.diagnosis.sieve.parser import parse
from mailsetup.diagnosis.sieve.rule_findings import rule_folders
from mailsetup.model.finding import Status
from tests.support.samples.sieve_scripts import ANA, DISCARDS, FORWARDS, SCRIPTS, found
from tests.support.servers.availability import missing
from tests.support.servers.dovecot import render, sieve_tool_settings

if sys.platform != "win32":
    import pwd


@dataclass(frozen=True)
class Execution:
    """What Pigeonhole did with a message."""

    redirects: frozenset[str]
    stored: frozenset[str]

    @property
    def lost(self) -> bool:
        return not self.redirects and not self.stored


Interpreter = Callable[[str, str], Execution | None]


@pytest.fixture(scope="module")
def interpreter() -> Iterator[Interpreter]:
    """Pigeonhole's ``sieve-test``, called with a script and the subject of a message."""
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

    def run(text: str, subject: str) -> Execution | None:
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
        # The wording of Dovecot 2.3 and 2.4.
        if re.search("failed to (compile|open sieve script)", ran.stderr):
            return None
        # A script that ends in an error keeps the message.
        assert re.search("final result: (success|failed; resolved)", ran.stderr), ran.stderr
        return Execution(
            frozenset(re.findall(r"^ \* redirect message to: <(.*)>$", ran.stdout, re.MULTILINE)),
            frozenset(re.findall(r"^ \* store message in folder: (.*)$", ran.stdout, re.MULTILINE)),
        )

    yield run
    shutil.rmtree(folder)


def agrees(script: str, interpreter: Interpreter) -> None:
    """Every action that is executed was found, and every certain statement is true."""
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
    # The last one is a message that no rule selects.
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
def test_chosen_scripts_agree_with_pigeonhole(script: str, interpreter: Interpreter) -> None:
    agrees(f'require ["fileinto", "copy", "envelope"]; {script}', interpreter)


@pytest.mark.servers
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_scripts_that_pigeonhole_compiles_are_parsed(script: str, interpreter: Interpreter) -> None:
    assert parse(script)
    compiled = interpreter(script, "hola") is not None
    # These need a setting of the server, another script, or a newer server.
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
    # Shrinking would run the interpreter at every step; failing examples are small anyway.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(several(COMMANDS))
def test_random_scripts_agree_with_pigeonhole(interpreter: Interpreter, script: str) -> None:
    agrees(f'require ["fileinto", "copy", "envelope"]; {script}', interpreter)
