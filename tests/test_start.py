"""What a start loads: whoever asks for little is not kept waiting for the rest.

Told by the modules that are there at the end, in a new process, and not by the clock.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent

_NETWORK = ("asyncio", "ssl", "mailsetup.net.network", "mailsetup.discovery.find")
_CHECKING = (
    "mailsetup.verify",
    "mailsetup.oauth",
    "mailsetup.reporting",
    "mailsetup.diagnosis.checks",
    "mailsetup.diagnosis.health",
    "mailsetup.assistant.check.run",
)
_OTHERS = ("rich", "keyring", "cryptography", "dns", "httpcore2", "PySide6")
_SETTINGS = {
    "schema": 1,
    "address": "ana@bodega.example",
    "settings": {
        "incoming": [
            {
                "protocol": "imap",
                "host": "imap.bodega.example",
                "port": 993,
                "security": "tls",
                "username": "ana@bodega.example",
                "authentication": ["password-cleartext"],
            }
        ],
        "outgoing": [
            {
                "protocol": "smtp",
                "host": "smtp.bodega.example",
                "port": 465,
                "security": "tls",
                "username": "ana@bodega.example",
                "authentication": ["password-cleartext"],
            }
        ],
    },
}


def loaded(code: str, *words: str) -> frozenset[str]:
    """Run this in a new process and return the names of all modules, and of their packages."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def after(*words: str) -> frozenset[str]:
    """What is loaded once a command is through."""
    code = "import sys\nfrom mailsetup.launch import start\nassert start(sys.argv[1:]) == 0"
    return loaded(code, *words)


def among(names: frozenset[str], unwanted: Sequence[str]) -> list[str]:
    """Those of the unwanted that are there, with what lies below them."""
    return sorted(
        name for name in names for one in unwanted if name == one or name.startswith(one + ".")
    )


@pytest.mark.parametrize(
    "words",
    [("programs",), ("programs", "--json"), ("schema",), ("completion", "bash"), ("manual",)],
    ids=" ".join,
)
def test_what_the_program_knows_of_itself_needs_nothing_that_looks_or_tests(
    words: Sequence[str],
) -> None:
    heavy = (*_NETWORK, *_CHECKING, *_OTHERS, "mailsetup.assistant", "urllib.request")
    assert among(after(*words), heavy) == []


@pytest.mark.parametrize("verb", ["export", "kit"])
def test_settings_of_a_file_are_handed_over_without_anything_that_looks_for_them(
    tmp_path: Path, verb: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(_SETTINGS), encoding="utf-8")
    words = [verb, *(("ana@bodega.example", "--for", "outlook") if verb == "export" else ())]
    heavy = (*_NETWORK, *_CHECKING, *_OTHERS)
    there = after(*words, "--settings", str(file), "--out", str(tmp_path / "out"))
    assert among(there, heavy) == []


def test_finding_a_known_providers_servers_needs_nothing_that_tests_an_account() -> None:
    assert among(after("discover", "ana@gmail.com", "--offline"), (*_CHECKING, *_OTHERS)) == []


def test_the_first_picture_waits_neither_for_the_engine_nor_for_later_pages(tmp_path: Path) -> None:
    picture = tmp_path / "first.png"
    code = """
import sys
from mailsetup.launch import start
assert start(["--screenshot", sys.argv[1]]) == 0
"""
    there = loaded(code, str(picture))
    assert picture.stat().st_size > 0
    engine = (*_NETWORK, *_CHECKING, "mailsetup.assistant.service", "mailsetup.export")
    others = tuple(name for name in _OTHERS if name != "PySide6")
    assert among(there, (*engine, *others)) == []
    # The pages before and while looking are drawn at once; the others when they are needed.
    pages = {name for name in there if name.startswith("mailsetup.gui.pages.")}
    assert pages <= {f"mailsetup.gui.pages.{page}" for page in ("factory", "welcome", "searching")}
