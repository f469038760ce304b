"""Shell completion, the manual page, the help and the JSON Schema."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mailsetup.cli.main import main
from mailsetup.cli.parser.command_line import parser
from mailsetup.export.kit.registry import KITS
from mailsetup.model.kit_id import KitId
from tests.support.cli.schema import valid, validator
from tests.support.programs.powershell import faults

pytestmark = pytest.mark.programs

VERBS = (
    "discover", "check", "export", "apply", "publish", "batch", "kit", "programs",
    "schema", "completion", "manual",
)  # fmt: skip


def run(*words: str, status: int = 0) -> str:
    out, err = io.StringIO(), io.StringIO()
    assert main(list(words), io.StringIO(), out, err) == status, err.getvalue()
    return out.getvalue()


def script(tmp_path: Path, shell: str, name: str) -> Path:
    path = tmp_path / name
    path.write_text(run("completion", shell))
    return path


# Completion -------------------------------------------------------------------------------------

TYPED = (
    (("ba",), {"batch"}),
    (("batch", "--pas"), {"--password-command"}),
    (("export", "a@b.es", "--for", "thun"), {
        "thunderbird", "thunderbird-android", "thunderbird-fleet",
    }),
    (("apply", "a@b.es", "--to", ""), {"thunderbird", "evolution"}),
    (("kit", "--for", "an"), {"ansible"}),
)  # fmt: skip


@pytest.mark.parametrize(("words", "wanted"), TYPED)
def test_bash_completes(tmp_path: Path, words: tuple[str, ...], wanted: set[str]) -> None:
    code = """
    source "$1"; shift
    function=$(complete -p mailsetup | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    COMP_WORDS=(mailsetup "$@"); COMP_CWORD=$#
    $function mailsetup "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = script(tmp_path, "bash", "mailsetup.bash")
    done = subprocess.run(
        ["bash", "-c", code, "bash", str(path), *words], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == wanted


@pytest.mark.parametrize(("words", "wanted"), TYPED)
def test_fish_completes(tmp_path: Path, words: tuple[str, ...], wanted: set[str]) -> None:
    path = script(tmp_path, "fish", "mailsetup.fish")
    code = f"source {path}; complete -C 'mailsetup {' '.join(words)}'"
    done = subprocess.run(["fish", "-c", code], capture_output=True, text=True, check=True)
    offered = {line.split("\t")[0] for line in done.stdout.splitlines()}
    assert offered == wanted


def test_zsh_completes(tmp_path: Path) -> None:
    script(tmp_path, "zsh", "_mailsetup")
    code = f"""
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1='> '; fpath=({tmp_path} \\$fpath); autoload -U compinit; compinit -u -D"
    zpty -w shell "bindkey '^I' complete-word; print 'rea''dy'"
    zpty -r shell out '*ready*'
    zpty -w -n shell "mailsetup batch x --retry"$'\\t'
    zpty -r shell out '*--retry-failed*' && print completed
    """
    done = subprocess.run(["zsh", "-c", code], capture_output=True, text=True, timeout=60)
    assert "completed" in done.stdout


def test_every_script_has_valid_syntax(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        path = script(tmp_path, shell, f"mailsetup.{shell}")
        subprocess.run([shell, "-n", str(path)], check=True)
    assert faults(run("completion", "powershell").encode()) == []


# The manual page --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "es"])
def test_manual_page_passes_mandoc_and_names_every_command(tmp_path: Path, language: str) -> None:
    path = tmp_path / "mailsetup.1"
    path.write_text(run("--lang", language, "manual"), encoding="utf-8")
    lint = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(path)], capture_output=True, text=True
    )
    assert lint.stdout == ""
    shown = subprocess.run(
        ["mandoc", "-T", "utf8", "-O", "width=200", str(path)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    # Bold and underlined letters are written twice.
    text = "".join(
        char
        for place, char in enumerate(shown)
        if char != "\b" and shown[place + 1 : place + 2] != "\b"
    )
    for verb in VERBS:
        assert f"mailsetup {verb}" in text
    assert "--password-command" in text
    assert ("Códigos" in text or "SALIDA" in text) is (language == "es")


def test_manual_page_is_reproducible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert '"1970-01-01"' in run("manual")


# Help -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "schema"])
def test_help_of_every_command_has_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert f"\n  mailsetup {verb}" in capsys.readouterr().out


def test_help_of_check_lists_options_of_the_message_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    shown = capsys.readouterr().out
    places = [shown.rindex(f"  {option} ") for option in ("--no-send", "--blocklists", "--second")]
    assert places == sorted(places)


def test_every_kit_of_the_help_exists() -> None:
    assert [kit.id for kit in KITS] == list(KitId)


def test_the_root_parser_has_the_options_of_the_window() -> None:
    root = parser()
    assert {action.dest for action in root._actions} >= {"verb", "demo", "lang"}


def test_help_loads_no_heavy_modules() -> None:
    code = (
        "import sys\n"
        "from mailsetup.cli.parser.command_line import parser\n"
        "parser().format_help()\n"
        "heavy = {'asyncio', 'dns', 'ssl', 'rich', 'shtab', 'python_calamine', 'PySide6'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# The schema -------------------------------------------------------------------------------------


def test_printed_schema_is_the_published_one() -> None:
    assert json.loads(run("schema")) == validator().schema


def printed(*words: str, status: int = 0) -> Any:
    return json.loads(run(*words, "--json", status=status))


def test_documents_that_need_no_server_follow_the_schema(tmp_path: Path) -> None:
    known = ("ana@gmail.com", "--offline")
    valid(printed("discover", *known), "discover")
    valid(printed("discover", "ana@nowhere.invalid", "--offline", status=3), "discover")
    valid(printed("discover", "ana@peñíscola.es", "--offline", status=3), "discover")
    valid(printed("programs"), "programs")
    out = ("--out", str(tmp_path))
    for program in ("outlook", "thunderbird", "other"):
        valid(printed("export", *known, "--for", program, *out), "export")
    settings = tmp_path / "settings.json"
    server = {"protocol": "imap", "host": "mail.b.es", "port": 993, "security": "tls"}
    outgoing = {**server, "protocol": "smtp", "port": 465}
    settings.write_text(json.dumps({"incoming": [server], "outgoing": [outgoing]}))
    offline = ("--resolver", "127.0.0.1:9")
    published = printed("publish", "b.es", "--settings", str(settings), *offline, *out)
    assert valid(published, "publish")["outcome"] == "written"
    valid(printed("apply", *known, "--to", "outlook", status=2), "error")
    profile = ("--to", "thunderbird")
    valid(printed("apply", *known, *profile), "apply")


def test_schema_rejects_unknown_members() -> None:
    document = printed("programs")
    document["surprise"] = 1
    with pytest.raises(AssertionError, match="surprise"):
        valid(document, "programs")
