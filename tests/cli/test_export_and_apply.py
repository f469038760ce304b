"""The commands export, apply and programs: files, output, exit status and undo."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import pkcs7
from pypdf import PdfReader

from mailsetup.apply.targets import TARGETS
from mailsetup.cli.main import main
from mailsetup.cli.services import CommandServices
from mailsetup.formats.prefs_js import PrefsFile
from mailsetup.launch import make_page_pdf, make_report_pdf, open_demo, open_window
from tests.support.cli.schema import valid
from tests.support.programs.installed import program
from tests.support.programs.thunderbird_profiles import used_prefs

# Qt writes the PDF, with the one application of the test process.
pytestmark = pytest.mark.usefixtures("qapp")

SERVICES = CommandServices(open_window, open_demo, make_report_pdf, make_page_pdf)
ADDRESS = "ana@bodega.example"


def settings_file(folder: Path) -> str:
    servers = {
        "incoming": {"protocol": "imap", "host": "imap.bodega.example", "port": 993},
        "outgoing": {"protocol": "smtp", "host": "smtp.bodega.example", "port": 465},
    }
    path = folder / "settings.json"
    path.write_text(
        json.dumps({side: [{**one, "security": "tls"}] for side, one in servers.items()})
    )
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, and fake programs on the PATH that are found but never run."""
    for name in ("thunderbird", "evolution", "mbsync"):
        program(tmp_path / "bin" / name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return tmp_path


def run(*words: str, stdin: str = "", services: CommandServices = SERVICES) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(list(words), io.StringIO(stdin), out, err, services)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return status, out.getvalue(), err.getvalue()


def document(*words: str, stdin: str = "") -> tuple[int, Any]:
    status, out, _err = run(*words, "--json", stdin=stdin)
    return status, valid(json.loads(out))


def export(folder: Path, target: str, *words: str) -> tuple[str, ...]:
    return (
        *("export", ADDRESS, "--for", target, "--settings", settings_file(folder)),
        *("--out", str(folder / "out"), *words),
    )


# Files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "word"), [("en", "To receive"), ("es", "Para recibir")])
def test_guide_for_other_programs_is_html_text_svg_and_a_pdf_page(
    folder: Path, lang: str, word: str
) -> None:
    status, printed = document(*export(folder, "other", "--lang", lang))
    assert status == 0
    by_kind = {Path(name).suffix: Path(name) for name in printed["files"]}
    assert set(by_kind) == {".html", ".txt", ".svg", ".pdf"}
    (sheet,) = PdfReader(by_kind[".pdf"]).pages
    for text in (sheet.extract_text(), by_kind[".html"].read_text(), by_kind[".txt"].read_text()):
        assert word in text
        assert "imap.bodega.example" in text
    assert any(by_kind[".pdf"].name in step["text"] for step in printed["steps"])


def test_guide_without_qt_lacks_only_the_pdf(folder: Path) -> None:
    status, out, _err = run(*export(folder, "other"), services=CommandServices())
    assert status == 0
    assert "pdf" not in out
    assert len(list((folder / "out").iterdir())) == 3


def test_every_target_can_be_exported(folder: Path) -> None:
    for known in TARGETS:
        status, out, _err = run(*export(folder, known.id, "--force"))
        assert status == 0, known.id
        assert "1. " in out
    assert not [path for path in (folder / "out").iterdir() if path.name.startswith(".")]


def test_export_for_several_programs(folder: Path) -> None:
    programs = ("outlook", "apple-mail", "gmail")
    more = [word for name in programs[1:] for word in ("--for", name)]
    status, printed = document(*export(folder, programs[0], *more, "--for", programs[0]))
    assert status == 0
    assert [one["program"] for one in printed["exports"]] == [*programs]
    for one in printed["exports"]:
        _status, alone = document(*export(folder, one["program"], "--force"))
        names = [Path(path).name for path in one["files"]]
        assert names == [Path(path).name for path in alone["files"]]
        assert all(Path(path).exists() for path in one["files"])
        assert one["steps"] == alone["steps"]
    status, out, _err = run(*export(folder, programs[0], *more, "--force"))
    assert status == 0
    assert out.count("── ") == len(programs)


def test_unknown_program_among_several_writes_nothing(folder: Path) -> None:
    status, printed = document(*export(folder, "outlook", "--for", "pine"))
    assert (status, printed["error"]["id"]) == (2, "usage")
    assert not (folder / "out").exists()


def test_apple_profile_is_signed_with_the_given_certificate(folder: Path) -> None:
    issued = trustme.CA().issue_cert("bodega.example")
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "all.pem"))
    words = export(folder, "apple-mail", "--sign-cert", str(folder / "all.pem"))
    assert document(*words)[0] == 0
    (signed,) = (folder / "out").glob("*.mobileconfig")
    assert pkcs7.load_der_pkcs7_certificates(signed.read_bytes())
    status, printed = document(*export(folder, "other", "--sign-cert", str(folder / "all.pem")))
    assert (status, printed["error"]["id"]) == (2, "usage")


def test_file_in_place_of_the_output_folder_is_reported(folder: Path) -> None:
    (folder / "out").write_text("mine")
    status, printed = document(*export(folder, "gmail"))
    assert (status, printed["error"]["id"]) == (2, "export.not-written")
    assert (folder / "out").read_text() == "mine"


# Thunderbird ------------------------------------------------------------------------------------


@pytest.fixture
def prefs(folder: Path) -> Path:
    """``prefs.js`` of a profile with another account."""
    root = folder / ".thunderbird"
    (root / "abc.mine").mkdir(parents=True)
    (root / "profiles.ini").write_text("[Profile0]\nName=Mine\nIsRelative=1\nPath=abc.mine\n")
    (root / "abc.mine/prefs.js").write_bytes(used_prefs().content)
    return root / "abc.mine/prefs.js"


needs_posix = pytest.mark.skipif(sys.platform != "linux", reason="a home as Linux has it")


def apply(folder: Path, *words: str) -> tuple[str, ...]:
    return ("apply", ADDRESS, "--to", "thunderbird", "--settings", settings_file(folder), *words)


@needs_posix
def test_apply_adds_an_account_and_undo_removes_it(folder: Path, prefs: Path) -> None:
    before = prefs.read_bytes()
    status, printed = document(*apply(folder, "--profile", "Mine"))
    assert (status, printed["outcome"], printed["change"]) == (0, "applied", "added")
    assert ADDRESS.encode() in prefs.read_bytes()
    assert document(*apply(folder, "--profile", "Mine"))[1]["outcome"] == "already-there"
    status, out, _err = run("apply", ADDRESS, "--to", "thunderbird", "--undo")
    assert (status, out) == (0, "Taken back.\n")
    assert prefs.read_bytes() == before
    status, printed = document("apply", ADDRESS, "--to", "thunderbird", "--undo")
    assert (status, printed["error"]["id"]) == (2, "undo.refused")


@needs_posix
def test_undo_without_a_change_removes_leftovers_of_a_killed_run(folder: Path, prefs: Path) -> None:
    copies = [
        prefs.parent / ".mailsetup-0123456789abcdef" / "key4.db",
        prefs.parent / ".mailsetup-0123456789abcde0",
        prefs.parent.parent / ".mailsetup-0123456789abcde1" / "logins.json",
        prefs.parent.parent / ".mailsetup-0123456789abcde2",
    ]
    for copy in copies:
        copy.parent.mkdir(exist_ok=True)
        copy.write_text("secret")
    status, printed = document("apply", ADDRESS, "--to", "thunderbird", "--undo")
    assert (status, printed["error"]["id"]) == (2, "undo.refused")
    assert not list(folder.rglob(".mailsetup-*"))
    assert prefs.read_bytes() == used_prefs().content


@needs_posix
def test_undo_removes_leftovers_behind_a_symlinked_profiles_ini(folder: Path, prefs: Path) -> None:
    elsewhere = folder / "dotfiles"
    elsewhere.mkdir()
    ini = prefs.parent.parent / "profiles.ini"
    ini.rename(elsewhere / "profiles.ini")
    ini.symlink_to(elsewhere / "profiles.ini")
    left, others = elsewhere / ".mailsetup-0123456789abcdef", elsewhere / ".mailsetup-mine"
    for file in (left, others):
        file.write_text("[Profile0]")
        os.utime(file, (0, 0))
    assert run("apply", ADDRESS, "--to", "thunderbird", "--undo")[0] == 2
    assert not left.exists()
    assert others.exists(), "no name that this program makes"


@needs_posix
def test_only_ours_removes_the_account_from_a_changed_profile(folder: Path, prefs: Path) -> None:
    run(*apply(folder, "--profile", "Mine"))
    later = PrefsFile(prefs.read_bytes()).changed({"app.update.lastUpdateTime": 5})
    assert later is not None
    prefs.write_bytes(later)
    status, _out, err = run("apply", ADDRESS, "--to", "thunderbird", "--undo")
    assert status == 2
    assert "Thunderbird has changed its settings since" in err
    assert "--only-ours" in err
    assert prefs.read_bytes() == later
    assert run("apply", ADDRESS, "--to", "thunderbird", "--undo", "--only-ours")[0] == 0
    left = PrefsFile(prefs.read_bytes())
    assert left.get("app.update.lastUpdateTime") == 5
    assert ADDRESS.encode() not in left.content


@needs_posix
def test_unknown_profile_and_wrong_program_are_reported(folder: Path, prefs: Path) -> None:
    before = prefs.read_bytes()
    status, printed = document(*apply(folder, "--profile", "Yours"))
    assert (status, printed["error"]["id"]) == (2, "apply.refused")
    assert "Mine" in printed["error"]["message"]
    status, printed = document("apply", ADDRESS, "--to", "evolution", "--undo")
    assert (status, printed["error"]["id"]) == (2, "usage")
    assert prefs.read_bytes() == before


@needs_posix
def test_first_profile_is_created_and_opens_by_itself(folder: Path) -> None:
    status, out, _err = run(*apply(folder, "--name", "Ana"))
    assert status == 0
    assert "Open Thunderbird as always" in out
    (prefs,) = (folder / ".thunderbird").glob("*.ana-bodega.example/prefs.js")
    assert '"Ana"' in prefs.read_text()


@needs_posix
def test_additional_profile_is_printed_with_the_command_that_opens_it(
    folder: Path, prefs: Path
) -> None:
    (prefs.parent / "compatibility.ini").write_text("[Compatibility]\n")
    status, out, _err = run(*apply(folder, "--profile", "new"))
    assert status == 0
    assert "thunderbird -P ana-bodega.example" in out
    assert ADDRESS.encode() not in prefs.read_bytes()


@needs_posix
def test_apply_without_a_profile_uses_the_default_one(folder: Path, prefs: Path) -> None:
    (prefs.parent / "compatibility.ini").write_text("[Compatibility]\n")
    status, printed = document(*apply(folder))
    assert (status, printed["name"], printed["change"]) == (0, "Mine", "added")
    assert ADDRESS.encode() in prefs.read_bytes()


@needs_posix
def test_never_opened_profile_is_rejected_by_name(folder: Path, prefs: Path) -> None:
    root = prefs.parent.parent
    (root / "xyz.default").mkdir()
    (root / "profiles.ini").write_text(
        "[General]\nVersion=2\n\n[Profile0]\nName=default\nIsRelative=1\nPath=xyz.default\n"
        "Default=1\n\n[Profile1]\nName=Mine\nIsRelative=1\nPath=abc.mine\n\n"
        "[InstallFDC34C9F024745EB]\nDefault=abc.mine\nLocked=1\n"
    )
    status, printed = document(*apply(folder, "--profile", "default"))
    assert (status, printed["error"]["id"]) == (2, "apply.refused")
    assert "“Mine”" in printed["error"]["message"]
    assert not list((root / "xyz.default").iterdir())
    spanish = run(*apply(folder, "--profile", "default", "--lang", "es"))[2]
    assert "El que abre es «Mine»" in spanish


# Evolution, programs ----------------------------------------------------------------------------


@needs_posix
def test_evolution_account_is_written_once(folder: Path) -> None:
    words = ("apply", ADDRESS, "--to", "evolution", "--settings", settings_file(folder))
    status, printed = document(*words)
    assert (status, printed["outcome"]) == (0, "applied")
    assert all(Path(name).is_relative_to(folder / ".config/evolution") for name in printed["files"])
    status, printed = document(*words)
    assert (status, printed["error"]["id"]) == (2, "apply.refused")
    assert run(*words, "--force")[0] == 0


@needs_posix
def test_programs_lists_installation_and_automation(folder: Path) -> None:
    assert folder.is_dir()
    rows = {row["id"]: row for row in document("programs")[1]["programs"]}
    assert list(rows) == [known.id for known in TARGETS]
    assert (rows["thunderbird"]["automation"], rows["thunderbird"]["installed"]) == ("apply", True)
    assert (rows["neomutt"]["automation"], rows["neomutt"]["installed"]) == ("import", False)
    assert (rows["gmail"]["automation"], rows["gmail"]["installed"]) == ("guide", None)
    assert rows["mbsync"]["installed"] is False, "msmtp is missing"
    lines = run("programs")[1].splitlines()
    assert len(lines) == len(TARGETS)
    assert any("set up by itself" in line and "  installed" in line for line in lines)
    assert "solo" in run("programs", "--lang", "es")[1]
