"""Which modules a start loads: small tasks must not wait for the import of others.

Measured by the loaded modules at the end of a new process, not by time.
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
    """The names of all modules that a new process has loaded after running this code."""
    program = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


def loaded_after(*words: str) -> frozenset[str]:
    """The modules that are loaded at the end of a command."""
    code = """
import sys
from mailsetup.launch import start
try:
    status = start(sys.argv[1:])
except SystemExit as end:  # of argparse, after --help
    status = end.code
assert status == 0
"""
    return loaded(code, *words)


def among(names: frozenset[str], unwanted: Sequence[str]) -> list[str]:
    """The unwanted modules and their submodules that are loaded."""
    return sorted(
        name for name in names for one in unwanted if name == one or name.startswith(one + ".")
    )


@pytest.mark.parametrize(
    "words",
    [("programs",), ("programs", "--json"), ("schema",), ("completion", "bash"), ("manual",)],
    ids=" ".join,
)
def test_self_descriptions_load_neither_search_nor_check(
    words: Sequence[str],
) -> None:
    heavy = (*_NETWORK, *_CHECKING, *_OTHERS, "mailsetup.assistant", "urllib.request")
    assert among(loaded_after(*words), heavy) == []


@pytest.mark.parametrize("words", [("programs",), ("--help",), ("apply", "--help")], ids=" ".join)
def test_the_table_of_programs_loads_neither_exporters_nor_appliers(words: Sequence[str]) -> None:
    light = {f"mailsetup.apply.{name}" for name in ("installation", "linux_desktop", "targets")}
    names = among(loaded_after(*words), ("mailsetup.export", "mailsetup.apply"))
    assert set(names) <= {"mailsetup.apply", *light}


@pytest.mark.parametrize("verb", ["export", "kit"])
def test_export_of_settings_from_a_file_does_not_load_the_search(tmp_path: Path, verb: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(_SETTINGS), encoding="utf-8")
    words = [verb, *(("ana@bodega.example", "--for", "outlook") if verb == "export" else ())]
    heavy = (*_NETWORK, *_CHECKING, *_OTHERS)
    names = loaded_after(*words, "--settings", str(file), "--out", str(tmp_path / "out"))
    assert among(names, heavy) == []


def test_search_does_not_load_the_check() -> None:
    assert (
        among(loaded_after("discover", "ana@gmail.com", "--offline"), (*_CHECKING, *_OTHERS)) == []
    )


def test_first_window_loads_neither_the_engine_nor_later_pages(tmp_path: Path) -> None:
    picture = tmp_path / "first.png"
    code = """
import sys
from mailsetup.launch import start
assert start(["--screenshot", sys.argv[1]]) == 0
"""
    names = loaded(code, str(picture))
    assert picture.stat().st_size > 0
    engine = (*_NETWORK, *_CHECKING, "mailsetup.assistant.service", "mailsetup.export")
    others = tuple(name for name in _OTHERS if name != "PySide6")
    assert among(names, (*engine, *others)) == []
    # The pages before and during the search are created at once; the others when needed.
    pages = {name for name in names if name.startswith("mailsetup.gui.pages.")}
    assert pages <= {f"mailsetup.gui.pages.{page}" for page in ("factory", "welcome", "searching")}
