"""Commands that print passwords: agreement to them, and their output."""

import asyncio
import io
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mailsetup.batch.password_commands import (
    CommandFault,
    command_words,
    first_line_of,
    has_open_quote,
    split_command,
)
from mailsetup.batch.passwords import PasswordFailure, password_of
from mailsetup.batch.table import PeopleTable, read_table
from mailsetup.batch.table_check import MAX_PASSWORD, Defaults, Person, check_table
from mailsetup.cli.main import main
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.vault import Vault
from tests.support.cli.schema import valid

if sys.platform != "win32":
    import pty

pytestmark = pytest.mark.slow

ANA = EmailAddress("ana", "bodega.es")
HEADER = "address;password command\n"


def python(program: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


def person(line: str, *, of_table: bool = False) -> Person:
    return Person(2, ANA, "Ana", "en", (), password_command=line, command_is_of_table=of_table)


async def password(line: str, seconds: float = 20.0) -> Secret | PasswordFailure:
    return await password_of(person(line), Vault(), seconds=seconds)


# Which part of the output is the password ---------------------------------------------------------

SLOWLY = (
    "import sys, time\n"
    "for piece in {pieces!r}:\n"
    "    sys.stdout.buffer.write(piece); sys.stdout.flush(); time.sleep(0.3)\n"
)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"CANARY-Pa55", b" w0rd\n"],
        [b"CANARY-Pa55", b" w0rd"],
        [b"CANARY-", b"Pa55", b" w0rd\r\n"],
        [b"CANARY-Pa55 w0rd\r", b"\n"],
        [b"CANARY-Pa55 w0rd\n", b"user: ana\n", b"x" * 100_000],
        [b"", b"CANARY-Pa55 w0rd"],
    ],
)
async def test_a_password_printed_in_pieces_is_read_completely(pieces: list[bytes]) -> None:
    found = await password(python(SLOWLY.format(pieces=pieces)))
    assert isinstance(found, Secret)
    assert found.reveal() == "CANARY-Pa55 w0rd"


async def test_a_character_split_between_two_pieces_is_read() -> None:
    found = await password(python(SLOWLY.format(pieces=[b"se\xc3", b"\xb1al"])))
    assert isinstance(found, Secret)
    assert found.reveal() == "señal"


async def test_the_longest_password_is_taken_and_a_longer_one_is_not() -> None:
    program = "print('ñ' * {})"
    found = await password(python(program.format(MAX_PASSWORD)))
    assert isinstance(found, Secret)
    assert isinstance(await password(python(program.format(MAX_PASSWORD + 1))), PasswordFailure)


@pytest.mark.parametrize(
    ("program", "word"),
    [
        ("print('CANARY'); raise SystemExit(1)", "gave none"),
        ("print('CANARY', flush=True); import os; os.kill(os.getpid(), 9)", "gave none"),
        ("print('')", "gave none"),
        ("pass", "gave none"),
        ("print('CANA\\0RY')", "control characters"),
        ("print('CANARY\\r\\r')", "control characters"),
        ("print('CANARY' * 10_000_000)", "too long"),
        ("import sys; sys.stdout.buffer.write(b'CANARY\\xff\\n')", "UTF-8"),
        (
            "import sys, time; sys.stdout.write('CANARY'); sys.stdout.flush(); time.sleep(60)",
            "time",
        ),
        ("import time; print('CANARY', flush=True); time.sleep(60)", "time"),
        ("while True: print('', end='x' * 1000)", "too long"),
    ],
)
async def test_output_that_is_no_password_is_reported_without_the_output(
    program: str, word: str
) -> None:
    begun = time.monotonic()
    found = await password(python(program), seconds=3.0)
    assert isinstance(found, PasswordFailure)
    assert word in found.reason
    assert "CANARY" not in found.reason
    assert time.monotonic() - begun < 20


async def test_a_missing_command_is_reported() -> None:
    found = await password("/no/such/command {address}")
    assert isinstance(found, PasswordFailure)
    assert "started" in found.reason


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
async def test_a_line_end_suffices_while_another_process_has_the_stream_open(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "pid"
    begun = time.monotonic()
    line = f"sh -c 'sleep 30 & echo $! > {mark}; echo CANARY'"
    try:
        found = await password(line)
    finally:
        os.kill(int(mark.read_text()), 9)
    assert isinstance(found, Secret)
    assert found.reveal() == "CANARY"
    assert time.monotonic() - begun < 15


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
async def test_an_open_stream_without_a_line_end_yields_no_partial_password(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "pid"
    line = f"sh -c 'sleep 30 & echo $! > {mark}; printf CANARY'"
    try:
        found = await password(line, seconds=2.0)
    finally:
        os.kill(int(mark.read_text()), 9)
    assert isinstance(found, PasswordFailure)
    assert "in time" in found.reason


async def test_a_command_that_exceeds_its_time_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    program = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    assert (
        await first_line_of(shlex.split(python(program)), limit=10, seconds=3.0)
        is CommandFault.TOO_SLOW
    )
    process = int(mark.read_text())
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.05)
    pytest.fail("it is still there")


@pytest.mark.parametrize("address", ["-rf@b.es", "a/../../b@b.es", "--output=x@b.es"])
@pytest.mark.parametrize("line", ["pass {address}", "cat secrets/{local}"])
def test_an_address_is_never_an_option_or_a_path_for_a_command(address: str, line: str) -> None:
    local, _at, domain = address.partition("@")
    found = command_words(line, EmailAddress(local, domain))
    assert found is CommandFault.UNSAFE_ADDRESS


def test_an_address_is_one_word_whatever_is_in_it() -> None:
    assert command_words("pass 'x {local}'", EmailAddress("a;b$(c)`d`", "b.es")) == [
        "pass",
        "x a;b$(c)`d`",
    ]


# Agreement to commands ----------------------------------------------------------------------------


async def test_a_command_of_the_table_is_run_only_where_exactly_that_one_was_agreed_to(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "ran"
    line = python(f"open({str(mark)!r}, 'w'); print('CANARY')")
    other = person(line, of_table=True)
    for agreed in (frozenset[str](), frozenset({line + " "}), frozenset({"true"})):
        assert isinstance(await password_of(other, Vault(), agreed), PasswordFailure)
        assert not mark.exists()
    assert isinstance(await password_of(other, Vault(), frozenset({line})), Secret)


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(list(words), io.StringIO(stdin), out, err)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return status, out.getvalue(), err.getvalue()


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    mark = tmp_path / "ran"
    command = python(f"open('{mark}', 'w')").replace('"', '""')
    path.write_text(f'{HEADER}ana@gmail.com;"{command}"\neva@gmail.com;"{command}"\n')
    path.chmod(0o600)
    return str(path)


def batch(table: str, *words: str) -> tuple[int, Any]:
    out = str(Path(table).parent / "out")
    status, printed, _err = run("batch", table, "--out", out, "--offline", "--json", *words)
    return status, json.loads(printed)


@pytest.mark.parametrize("words", [("--check",), ("--check", "--skip-bad"), ()])
def test_no_command_of_a_table_runs_without_agreement(table: str, words: tuple[str, ...]) -> None:
    status, document = batch(table, *words)
    assert not (Path(table).parent / "ran").exists()
    if words:
        valid(document, "error")
        assert (status, document["error"]["id"]) == (4, "table.commands")
        (command,) = document["error"]["commands"]
        assert command["rows"] == [2, 3]
        assert "ran" in command["command"]


def test_a_dry_run_lists_the_commands_and_the_settings_files(table: str) -> None:
    status, document = batch(table, "--dry-run")
    valid(document, "table")
    assert status == 0
    assert [command["rows"] for command in document["commands"]] == [[2, 3]]
    assert document["settings_files"] == []
    _status, printed, _err = run("batch", table, "--dry-run")
    assert document["commands"][0]["command"] in printed
    assert "rows: 2, 3" in printed
    assert not (Path(table).parent / "ran").exists()


@pytest.mark.parametrize(("answer", "status"), [("n", 4), ("", 4), ("y", 5)])
def test_the_user_at_a_terminal_is_asked_about_every_command(
    tmp_path: Path, answer: str, status: int
) -> None:
    path = tmp_path / "people.csv"
    marks = [tmp_path / "ran-0", tmp_path / "ran-1"]
    # They print nothing: so there is no password, and no server is contacted.
    rows = [f"p{n}@gmail.com;touch {mark}" for n, mark in enumerate(marks)]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    ended, shown = _on_a_terminal(path, f"{answer}\n")
    assert ended == status
    assert all(str(mark) in shown for mark in marks)
    assert "Run these commands? [y/N]" in shown
    assert ("--allow-commands" in shown) is (status == 4)
    assert [mark.exists() for mark in marks] == [status == 5] * 2


def _on_a_terminal(table: Path, answer: str) -> tuple[int, str]:
    """The status, and what a person sees who gives this answer on a terminal."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "mailsetup", "--lang", "en", "batch", str(table), "--check"]
    words += ["--offline", "--out", str(table.parent / "out")]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    try:
        while piece := os.read(ours, 4096):
            seen += piece
    except OSError:
        # The other end is closed.
        pass
    os.close(ours)
    return process.wait(30), seen.decode()


@pytest.mark.parametrize(
    "cell", ["echo \x1b[2J", "echo \u202eevil", "x" * 2000, "echo 'open", "echo a\u2028b"]
)
def test_a_command_with_invisible_characters_makes_the_row_wrong(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f"{HEADER}ana@gmail.com;{cell}\n", encoding="utf-8")
    read = read_table(path)
    assert isinstance(read, PeopleTable)
    checked = check_table(read, Defaults("en"))
    assert not checked.people
    assert "command" in checked.problems[0].reason


def test_a_command_given_on_the_command_line_needs_no_agreement(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("address\nana@gmail.com\n")
    read = read_table(path)
    assert isinstance(read, PeopleTable)
    checked = check_table(read, Defaults("en", password_command="pass {address}"))
    assert checked.commands == ()
    assert checked.people[0].password_command == "pass {address}"


# Settings files that a table names ----------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["/etc/hostname", "../one.json", "below/../../one.json", "~/one.json", "link.json", "loop"],
)
def test_a_table_leads_to_no_file_outside_its_folder(tmp_path: Path, cell: str) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    (tmp_path / "one.json").write_text("{}")
    (folder / "link.json").symlink_to(tmp_path / "one.json")
    (folder / "loop").symlink_to("loop")
    path = folder / "people.csv"
    path.write_text(f"address;settings\nana@b.es;{cell}\n")
    read = read_table(path)
    assert isinstance(read, PeopleTable)
    (problem,) = check_table(read, Defaults("en", folder=folder)).problems
    assert "folder of the table" in problem.reason or "There is no file" in problem.reason


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")
def test_a_settings_cell_that_names_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "people.csv"
    path.write_text("address;settings\nana@b.es;pipe\n")
    read = read_table(path)
    assert isinstance(read, PeopleTable)
    checked = check_table(read, Defaults("en", folder=tmp_path, pipe_seconds=60))
    assert "not an ordinary file" in checked.problems[0].reason


@pytest.mark.parametrize(
    ("line", "is_open"),
    [
        (r'"C:\a b\x.exe" get "{address}"', False),
        ('x "a b', True),
        (r"x a\"b", False),
        (r'x "a\"b"', False),
        (r'x "a\\"', False),
        ("x 'a b'", False),
    ],
)
def test_a_quotation_mark_that_is_not_closed_is_found_by_windows_rules(
    line: str, *, is_open: bool
) -> None:
    assert has_open_quote(line) is is_open


@pytest.mark.skipif(sys.platform != "win32", reason="Windows splits the line")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (r'"C:\a b\x.exe" get "{address}"', [r"C:\a b\x.exe", "get", "{address}"]),
        (r' "C:\a b\x.exe" y ', [r"C:\a b\x.exe", "y"]),
        ('x "" y', ["x", "", "y"]),
    ],
)
def test_windows_splits_a_command_as_its_programs_expect(line: str, words: list[str]) -> None:
    assert split_command(line) == words


@pytest.mark.parametrize("line", ["", "  ", '"open', 'x "open'])
def test_a_line_that_is_no_command_is_refused(line: str) -> None:
    assert isinstance(command_words(line, ANA), CommandFault)
