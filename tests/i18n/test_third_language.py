"""The recipe for another language: a row, a folder that ``update`` fills, and its translations."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailsetup.i18n.languages import LANGUAGES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = """
_FRENCH: Final = Language(
    code="fr",
    name="Français",
    aliases=("french", "francais"),
    yes_letters="o",
    readme="LISEZMOI.txt",
    heading_words={"address": ("courriel",), "name": ("nom",)},
    program_words={ProgramKind.OTHER: ("autre",)},
    symptom_words={"rien-ne-vient": Symptom.NOT_RECEIVING},
)

LANGUAGES:"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with French."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(
        ROOT / "mailsetup", folder / "mailsetup", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "resources", folder / "resources")
    (folder / "packaging").mkdir()
    shutil.copy(ROOT / "packaging" / "translations.py", folder / "packaging")
    table = folder / "mailsetup" / "i18n" / "languages.py"
    text = table.read_text("utf-8")
    text = text.replace("\nLANGUAGES:", ROW, 1)
    text = re.sub(r"(for language in \(_[A-Z, _]+)\)", r"\1, _FRENCH)", text, count=1)
    table.write_text(text, encoding="utf-8")
    run(folder, "packaging/translations.py", "update")
    catalogue = folder / "resources" / "locale" / "fr" / "LC_MESSAGES" / "mailsetup.po"
    text = catalogue.read_text("utf-8")
    for english, french in (("Cancel", "Annuler"), ("usage: ", "utilisation : ")):
        text = text.replace(
            f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{french}"'
        )
    catalogue.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *words: str, language: str = "C") -> str:
    """What a Python program in this folder prints."""
    variables = {**os.environ, "LC_ALL": language, "PYTHONPATH": str(folder)}
    variables.update(PYTHONIOENCODING="utf-8", QT_QPA_PLATFORM="offscreen")
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=variables, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def evaluate(folder: Path, imports: str, expression: str) -> object:
    """The value of an expression with French as the system's language, through JSON."""
    code = f"import json\n{imports}\nprint(json.dumps({expression}))"
    return json.loads(run(folder, "-c", code, language="fr_FR.UTF-8"))


def test_the_command_line_offers_and_uses_it(checkout: Path) -> None:
    codes = ",".join((*LANGUAGES, "fr"))
    assert f"--lang {{{codes}}}" in run(checkout, "-m", "mailsetup", "--help")
    assert "utilisation : mailsetup" in run(checkout, "-m", "mailsetup", "--lang", "fr", "--help")
    assert "rien-ne-vient" in run(checkout, "-m", "mailsetup", "check", "--help")


def test_the_window_offers_it(checkout: Path) -> None:
    shown = evaluate(
        checkout,
        "from PySide6.QtWidgets import QApplication\n"
        "from mailsetup.gui.header_footer import Header\n"
        "app = QApplication([])\n"
        "header = Header('fr')\n"
        "box = header.languages",
        "[[box.itemText(row) for row in range(box.count())], box.currentData()]",
    )
    assert shown == [[*(row.name for row in LANGUAGES.values()), "Français"], "fr"]


def test_a_system_in_that_language_gets_its_texts_numbers_and_dates(checkout: Path) -> None:
    shown = evaluate(
        checkout,
        "from datetime import datetime, timezone\n"
        "from mailsetup.i18n import _, language\n"
        "from mailsetup.i18n.dates import date_and_time\n"
        "from mailsetup.i18n.numbers import decimal\n"
        "from mailsetup.i18n.locale_data import locale_data\n",
        "[language(), _('Cancel'), decimal(1.5), locale_data().csv_delimiter,"
        " date_and_time(datetime(2026, 10, 7, 14, 5, tzinfo=timezone.utc))]",
    )
    assert shown == ["fr", "Annuler", "1,5", ";", "7 octobre 2026, 14:05 (UTC+00:00)"]


def test_its_words_are_understood(checkout: Path) -> None:
    shown = evaluate(
        checkout,
        "from mailsetup.batch.columns import column, language_id, program_id\n"
        "from mailsetup.i18n.languages import is_yes, parse_symptom\n",
        "[column('Courriel'), language_id('Français'), program_id('Autre'),"
        " parse_symptom('rien-ne-vient'), is_yes('Oui')]",
    )
    assert shown == ["address", "fr", "other", "not-receiving", True]


def test_settings_are_published_with_instructions_in_it(checkout: Path, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    server = {"host": "mail.a.fr", "security": "tls", "username": "%EMAILADDRESS%"}
    settings = {
        "incoming": [{**server, "protocol": "imap", "port": 993}],
        "outgoing": [{**server, "protocol": "smtp", "port": 465}],
    }
    file.write_text(json.dumps({"schema": 1, "settings": settings}), encoding="utf-8")
    words = ("publish", "a.fr", "--settings", str(file), "--out", str(tmp_path / "out"))
    run(checkout, "-m", "mailsetup", *words, "--offline")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"README.txt", "LEEME.txt", "LISEZMOI.txt"} <= names
