"""Compiling the catalogues of texts, as a checkout does it and as the build of a wheel does it."""

import gettext
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po as babel_read_po

from mailsetup.i18n.catalogue import load, mo_bytes, read_po
from mailsetup.i18n.languages import LANGUAGES, SOURCE_LANGUAGE

ROOT = Path(__file__).resolve().parent.parent.parent
SPANISH = ROOT / "resources" / "locale" / "es" / "LC_MESSAGES" / "mailsetup.po"
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a catalogue of one text."""
    (tmp_path / "texts.po").write_text(HEADER + 'msgid "Yes"\nmsgstr "Sí"\n', encoding="utf-8")
    return tmp_path


def test_a_compiled_catalogue_is_the_same_as_babels() -> None:
    out = io.BytesIO()
    with SPANISH.open("rb") as file:
        write_mo(out, babel_read_po(file, locale="es"))
    ours, babels = (
        dict(vars(gettext.GNUTranslations(io.BytesIO(content)))["_catalog"])
        for content in (mo_bytes(read_po(SPANISH.read_text("utf-8"))), out.getvalue())
    )
    # The header names the tool.
    del ours[""], babels[""]
    assert ours == babels
    assert len(ours) > 1000


def test_plural_forms_and_escapes_are_read() -> None:
    text = (
        '#, python-format\nmsgid "one\\n"\nmsgid_plural ""\n"many \\"%d\\"\\n"\n'
        'msgstr[0] "uno\\n"\nmsgstr[1] "muchos \\"%d\\"\\n"\n'
    )
    assert read_po(text) == {'one\n\0many "%d"\n': 'uno\n\0muchos "%d"\n'}


@pytest.mark.parametrize(
    "entry",
    [
        'msgid "Yes"\nmsgstr ""\n',
        '#, fuzzy\nmsgid "Yes"\nmsgstr "Sí"\n',
        '#~ msgid "Yes"\n#~ msgstr "Sí"\n',
    ],
    ids=["untranslated", "fuzzy", "obsolete"],
)
def test_entries_that_are_not_translations_are_left_out(entry: str) -> None:
    assert read_po(entry) == {}


def test_a_malformed_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="Unterminated string"):
        read_po('msgid "Yes\nmsgstr "Sí"\n')


def test_the_catalogue_is_compiled_at_first_use(folder: Path) -> None:
    assert load(folder, "texts").gettext("Yes") == "Sí"
    assert (folder / "texts.mo").exists()
    assert load(folder, "texts").gettext("Yes") == "Sí"
    assert sorted(path.name for path in folder.iterdir()) == ["texts.mo", "texts.po"]


@pytest.mark.parametrize("age", [-3600, 3600], ids=["older", "newer"])
def test_a_changed_catalogue_is_compiled_again(folder: Path, age: int) -> None:
    load(folder, "texts")
    text = folder / "texts.po"
    text.write_text(text.read_text("utf-8").replace("Sí", "Claro"), encoding="utf-8")
    moment = (folder / "texts.mo").stat().st_mtime_ns + age * 10**9
    os.utime(text, ns=(moment, moment))
    assert load(folder, "texts").gettext("Yes") == "Claro"
    assert load(folder, "texts").gettext("Yes") == "Claro"


def test_a_compiled_catalogue_alone_is_enough(folder: Path) -> None:
    load(folder, "texts")
    (folder / "texts.po").unlink()
    assert load(folder, "texts").gettext("Yes") == "Sí"


def test_texts_stay_english_where_there_is_no_catalogue(tmp_path: Path) -> None:
    assert load(tmp_path, "texts").gettext("Yes") == "Yes"


@pytest.mark.skipif(sys.platform == "win32", reason="folders that cannot be written to")
def test_a_folder_that_cannot_be_written_to_is_no_obstacle(folder: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        # Another user may not read the checkout, so the module is imported first.
        "from mailsetup.i18n.catalogue import load\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "assert load(Path(sys.argv[1]), 'texts').gettext('Yes') == 'Sí'\n"
    )
    # Not below tmp_path, which only its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        public = Path(name)
        shutil.copy(folder / "texts.po", public)
        public.chmod(0o555)
        subprocess.run([sys.executable, "-c", code, name], cwd=ROOT, check=True)
        assert not (public / "texts.mo").exists()
        public.chmod(0o755)


@pytest.mark.slow
def test_a_wheel_holds_the_compiled_catalogues_and_no_texts(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if "/locale/" in name]
        archive.extractall(tmp_path / "installed")
    below = "mailsetup/_resources/locale"
    translated = LANGUAGES.keys() - {SOURCE_LANGUAGE}
    assert set(names) == {
        *(f"{below}/{code}/cldr.json" for code in LANGUAGES),
        *(f"{below}/{code}/LC_MESSAGES/mailsetup.mo" for code in translated),
    }
    assert len(names) == len(set(names))
    code = "from mailsetup.i18n import _, set_language\nset_language('es')\nprint(_('Cancel'))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "Cancelar"
