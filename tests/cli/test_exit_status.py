"""The meaning of each exit status, and where users read it."""

import io
import re
from pathlib import Path

import pytest

from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.main import main
from mailsetup.cli.parser.command_line import parser
from mailsetup.i18n import set_language

ROOT = Path(__file__).resolve().parents[2]


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "name", "title"),
    [("en", "README.md", "Exit status"), ("es", "README.es.md", "Código de salida")],
)
def test_readme_lists_every_status_with_its_meaning(language: str, name: str, title: str) -> None:
    set_language(language)
    text = (ROOT / name).read_text("utf-8")
    listed = re.search(rf"^{title}: (.*?)\.$", text, re.M | re.S)
    assert listed is not None
    meanings = " · ".join(f"`{status:d}` {status.meaning}" for status in ExitStatus)
    assert flat(listed.group(1)) == meanings


@pytest.mark.parametrize("language", ["en", "es"])
def test_help_and_manual_list_every_status_with_its_meaning(language: str) -> None:
    set_language(language)
    shown = flat(parser().format_help())
    assert ", ".join(f"{status:d} {status.meaning}" for status in ExitStatus) in shown
    out = io.StringIO()
    assert main(["manual"], io.StringIO(), out) == ExitStatus.DONE
    for status in ExitStatus:
        assert f".TP\n\\fB{status:d}\\fR\n{status.meaning}\n" in out.getvalue()
