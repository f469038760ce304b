"""Standard output and error that are closed, full, or lack a character, in real processes."""

import errno
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mailsetup.cli.environment import explain_system_error
from mailsetup.cli.main import main
from mailsetup.cli.output import print_document
from tests.support.cli.schema import valid
from tests.support.programs.installed import program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux'"),
]

COMMANDS = [
    ("programs",),
    ("programs", "--json"),
    ("schema",),
    ("manual",),
    ("completion", "bash"),
    ("--help",),
    ("check", "--help"),
    ("--version",),
    ("discover", "ana@gmail.com", "--offline"),
    ("discover", "ana@gmail.com", "--offline", "--json"),
    ("check", "ana@gmail.com", "--offline", "--json"),
    ("discover", "--json"),
]


def run(
    words: Sequence[str], redirection: str = "", **environment: str
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "mailsetup", *words],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "LANGUAGE": "en", **environment},
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "defect" not in done.stderr
    return done


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", COMMANDS)
def test_full_disk_prints_one_sentence(words: tuple[str, ...], unbuffered: str) -> None:
    done = run(words, ">/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr == "mailsetup: The result cannot be written: the disk is full.\n"


@pytest.mark.parametrize("words", COMMANDS)
def test_closed_output_prints_one_sentence(words: tuple[str, ...]) -> None:
    done = run(words, ">&-")
    assert done.returncode == 1
    assert done.stderr == "mailsetup: Standard output is closed, so nothing was done.\n"


def test_nothing_is_done_with_closed_output(tmp_path: Path) -> None:
    words = ("export", "a@gmail.com", "--offline", "--for", "gmail", "--out", str(tmp_path / "o"))
    assert run(words, ">&-").returncode == 1
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&-"])
def test_closed_input_or_error_output_does_not_change_the_result(
    words: tuple[str, ...], redirection: str
) -> None:
    usual, without = run(words), run(words, redirection)

    def steady(text: str) -> list[str]:
        return [line for line in text.splitlines() if "_ms" not in line and '"ms"' not in line]

    assert without.returncode == usual.returncode
    assert steady(without.stdout) == steady(usual.stdout)


@pytest.mark.parametrize("words", COMMANDS)
def test_closed_pipe_is_no_failure(words: tuple[str, ...]) -> None:
    code = 'exec 3>&1; { "$@"; echo $? >&3; } | true'
    # `true` has gone before the first byte is written.
    done = subprocess.run(
        [
            "bash",
            "-c",
            code,
            "bash",
            "sh",
            "-c",
            'sleep 0.3; exec "$@"',
            "sh",
            sys.executable,
            "-m",
            "mailsetup",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.strip() == "0"
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("words", COMMANDS)
def test_unencodable_characters_are_replaced_by_similar_ones(
    words: tuple[str, ...], language: str, encoding: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mailsetup", *words],
        capture_output=True,
        env={**os.environ, "LANGUAGE": language, "PYTHONIOENCODING": encoding},
        timeout=60,
    )
    assert b"Traceback" not in done.stderr
    assert b"defect" not in done.stderr
    shown = done.stdout.decode(encoding)
    if "--json" in words:
        json.loads(shown)


def test_accented_letters_become_ascii_letters() -> None:
    done = run(("--help",), LANGUAGE="es", PYTHONIOENCODING="ascii")
    assert "Codigos de salida" in done.stdout


WRITERS = {
    "export": ("export", "ana@gmail.com", "--offline", "--for", "outlook", "--out", "{home}/out"),
    "apply": ("apply", "ana@gmail.com", "--offline", "--to", "thunderbird"),
    "batch": ("batch", "{home}/people.csv", "--offline", "--out", "{home}/people"),
    "kit": ("kit", "--settings", "{home}/settings.json", "--out", "{home}/kit"),
    "publish": (
        *("publish", "b.es", "--settings", "{home}/settings.json", "--out", "{home}/web"),
        *("--resolver", "127.0.0.1:9"),
    ),
    "since": ("check", "--domain", "nosuch.invalid", "--since", "{home}/state", "--timeout", "2"),
    "report": (
        *("check", "ana@nosuch.invalid", "--report", "{home}/r.txt", "--timeout", "2"),
        "--password-stdin",
    ),
}


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize("name", WRITERS)
def test_unwritable_file_prints_a_sentence(
    tmp_path: Path, name: str, more: tuple[str, ...]
) -> None:
    program(tmp_path / "bin" / "thunderbird")
    (tmp_path / "people.csv").write_text("name;address\nAna;ana@gmail.com\n")
    server = {"protocol": "imap", "host": "mail.b.es", "port": 993, "security": "tls"}
    outgoing = {**server, "protocol": "smtp", "port": 465}
    settings = {"address": "ana@b.es", "incoming": [server], "outgoing": [outgoing]}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    before = sorted(tmp_path.rglob("*"))
    words = [word.format(home=tmp_path) for word in WRITERS[name]]
    done = subprocess.run(
        # Not one byte may be written into a file: a full disk, for which no root is needed.
        [
            "sh",
            "-c",
            'ulimit -f 0; exec "$@"',
            "sh",
            sys.executable,
            "-m",
            "mailsetup",
            *words,
            *more,
        ],
        input="password\n",
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "LANGUAGE": "en", "HOME": str(tmp_path), "PATH": f"{tmp_path}/bin:/bin"},
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stdout + done.stderr
    assert done.returncode in (1, 2, 5)
    message = done.stderr
    if more:
        document = valid(json.loads(done.stdout))
        if name in ("report", "since"):
            assert document[name]["written"] is False
            message = document[name]["reason"]
        else:
            message = document["error"]["message"]
    assert "cannot be written" in message
    new = [path for path in tmp_path.rglob("*") if path.is_file() and path not in before]
    # What a run of a table keeps for the next one is there before anything is written into it.
    assert [path for path in new if ".mailsetup-batch" not in path.parts] == []


# What the computer refuses ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.EMFILE,
        errno.ENFILE, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG,
        errno.EFBIG, errno.ESTALE,
    ],
)  # fmt: skip
def test_system_error_is_a_sentence_that_names_the_file(number: int) -> None:
    found = explain_system_error(OSError(number, os.strerror(number), "/some/\x1b[2Jfile"))
    assert found is not None
    error_id, sentence = found
    assert error_id.startswith("computer.")
    if number not in (errno.EMFILE, errno.ENFILE):
        assert "/some/" in sentence
    assert "\x1b" not in sentence


def test_other_errors_are_defects_of_the_program() -> None:
    assert explain_system_error(ConnectionResetError(errno.ECONNRESET, "reset")) is None
    assert explain_system_error(OSError(errno.ENOENT, "no file is named")) is None
    assert explain_system_error(ValueError("x")) is None


def test_escape_sequence_in_a_file_name_is_not_printed(tmp_path: Path) -> None:
    name = "a\x1b[2J\x9b31mb\x07"
    for words in (
        ("discover", "a@b.es", "--settings", f"{name}.json"),
        ("discover", "a@b.es", "--ca-file", f"{name}.pem"),
        ("batch", f"{name}.csv", "--dry-run"),
        ("export", "a@b.es", "--for", name),
        ("check", "a@b.es", "--report", f"{name}.doc"),
        ("check", "--domain", "b.es", "--since", f"{tmp_path}/nosuch/{name}/x"),
        ("export", "a@gmail.com", "--offline", "--for", "gmail", "--out", f"{tmp_path}/{name}"),
        ("apply", "a@gmail.com", "--to", "thunderbird", "--profile", name, "--offline"),
        (name,),
        ("check", "a@b.es", "--sign-in", name),
    ):
        for more in ((), ("--json",)):
            out, err = io.StringIO(), io.StringIO()
            main([*words, *more], io.StringIO(), out, err)
            shown = out.getvalue() + err.getvalue()
            assert shown
            assert not set(shown) & {"\x1b", "\x9b", "\x07"}, words


def test_json_escapes_control_characters_only() -> None:
    out = io.StringIO()
    name = "a\x1b\x9b\u202e\u2028é\U000e0041"
    print_document({"name": name}, out)
    assert json.loads(out.getvalue()) == {"name": name}
    assert out.getvalue().replace("\n", "").isprintable()
    assert "é" in out.getvalue()
