"""Files that the user names: any kind of object gives an answer, in limited time."""

import asyncio
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from mailsetup.assistant.settings_file import (
    SettingsFileFailure,
    read_settings_file,
    read_shared_settings,
)
from mailsetup.assistant.technician_options import holds_certificates
from mailsetup.batch.table import TableFailure, read_table
from mailsetup.cli.main import main
from mailsetup.discovery.sources.isp_files import IspFiles
from mailsetup.files.user_file import FileFailure, FileFault, read_given_file
from mailsetup.model.address import EmailAddress
from mailsetup.model.sign_in import ClientsFailure
from mailsetup.model.source_result import Unreachable
from mailsetup.net.network import Network
from mailsetup.oauth.clients import technician_clients

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX kinds of files")
LIMIT = 1000


def fault(path: Path, *, pipe_seconds: float = 0.0) -> FileFault:
    read = read_given_file(path, LIMIT, pipe_seconds=pipe_seconds)
    assert isinstance(read, FileFailure)
    assert len(read.reason) > 15
    assert "\x1b" not in read.reason
    return read.fault


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_file_within_the_limit_is_read_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert read_given_file(path, LIMIT) == b"x" * size


def test_a_link_to_a_regular_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_given_file(tmp_path / "link", LIMIT) == b"content"


def test_each_kind_of_object_that_is_no_file_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * (LIMIT + 1))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        assert fault(tmp_path / "socket") is FileFault.NOT_A_FILE
    assert fault(large) is FileFault.TOO_LARGE
    assert fault(pipe) is FileFault.NOT_A_FILE
    assert fault(tmp_path) is FileFault.NOT_A_FILE
    assert fault(tmp_path / "\x1b[2J") is FileFault.MISSING
    assert fault(tmp_path / "a\0b") is FileFault.MISSING
    assert fault(tmp_path / ("n" * 300)) is FileFault.MISSING
    assert fault(large / "below") is FileFault.MISSING
    (tmp_path / "loop").symlink_to("loop")
    assert fault(tmp_path / "loop") is FileFault.MISSING


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty", "/dev/random"])
def test_devices_are_refused_also_where_pipes_are_allowed(device: str) -> None:
    assert fault(Path(device), pipe_seconds=5) is FileFault.NOT_A_FILE


def test_a_file_that_reports_no_size_is_limited_too() -> None:
    """As in /proc, where files report a size of 0."""
    path = Path("/proc/kallsyms")
    if not path.exists():
        pytest.skip("needs /proc")
    assert path.stat().st_size == 0
    assert fault(path) in (FileFault.TOO_LARGE, FileFault.DENIED)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    path.chmod(0)
    assert fault(path) is FileFault.DENIED


def test_a_file_that_is_deleted_while_it_is_read_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * LIMIT)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        path.unlink()
        assert read_given_file(Path(f"/dev/fd/{descriptor}"), LIMIT) == b"x" * LIMIT
    finally:
        os.close(descriptor)


# Pipes ------------------------------------------------------------------------------------------


def test_process_substitution_can_name_a_pipe() -> None:
    program = (
        "import sys; from pathlib import Path;"
        "from mailsetup.files.user_file import read_given_file;"
        "print(read_given_file(Path(sys.argv[1]), 1000, pipe_seconds=30))"
    )
    command = f'{sys.executable} -c "{program}" <(printf one; sleep 0.3; printf two)'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "b'onetwo'\n"


def test_a_closed_pipe_is_empty(tmp_path: Path) -> None:
    command = 'exec 3< <(true); sleep 0.2; "$@"'
    program = (
        "from pathlib import Path; from mailsetup.files.user_file import read_given_file;"
        "print(read_given_file(Path('/dev/fd/3'), 1000, pipe_seconds=30))"
    )
    words = ["bash", "-c", command, "bash", sys.executable, "-c", program]
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "b''\n"
    assert time.monotonic() - begun < 20


def test_a_pipe_without_a_writer_times_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert fault(tmp_path / "pipe", pipe_seconds=0.2) is FileFault.TOO_SLOW


@pytest.mark.parametrize(
    ("write", "expected"),
    [(b"x", FileFault.TOO_SLOW), (b"x" * 4 * LIMIT, FileFault.TOO_LARGE)],
)
def test_an_endless_pipe_is_limited_in_time_and_size(
    tmp_path: Path, write: bytes, expected: FileFault
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    over = threading.Event()

    def writer() -> None:
        descriptor = os.open(pipe, os.O_RDWR)
        os.write(descriptor, write)
        over.wait(10)
        os.close(descriptor)

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        assert fault(pipe, pipe_seconds=1.0) is expected
    finally:
        over.set()
        thread.join()


# Everywhere that a person names a file ----------------------------------------------------------


def _readers(folder: Path) -> dict[str, Callable[[Path], object]]:
    """The result of each reader of named files."""
    ana = EmailAddress("ana", "bodega.es")

    def of_isp_files(path: Path) -> object:
        target = folder / "isp" / "bodega.es.xml"
        target.parent.mkdir(exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(path)
        return asyncio.run(IspFiles([target.parent]).discover(ana, cast("Network", None)))

    return {
        "settings": lambda path: read_settings_file(path, ana),
        "settings of a table": read_shared_settings,
        "table": read_table,
        "clients": technician_clients,
        "certificates": holds_certificates,
        "isp": of_isp_files,
    }


@pytest.mark.parametrize(
    "reader", ["settings", "settings of a table", "table", "clients", "certificates", "isp"]
)
@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
@pytest.mark.timeout(20)
def test_no_reader_of_named_files_hangs_on_other_objects(
    tmp_path: Path, reader: str, kind: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = {"device": Path("/dev/zero"), "pipe": tmp_path / "pipe", "folder": tmp_path}[kind]
    answer = _readers(tmp_path)[reader](path)
    assert answer is False or isinstance(
        answer,
        SettingsFileFailure | TableFailure | ClientsFailure | Unreachable,
    )


@pytest.mark.parametrize(
    "words",
    [
        ("discover", "ana@gmail.com", "--settings"),
        ("check", "--domain", "nowhere.invalid", "--since"),
        ("discover", "ana@gmail.com", "--ca-file"),
        ("kit", "--for", "ansible", "--out", "out", "--settings"),
        ("batch", "--dry-run"),
        ("export", "ana@gmail.com", "--offline", "--for", "apple-mail", "--sign-cert"),
    ],
)
@pytest.mark.parametrize("path", ["/dev/zero", "/", "/dev/full"])
@pytest.mark.timeout(30)
def test_an_option_that_names_no_file_is_refused_with_a_sentence(
    words: tuple[str, ...], path: str, tmp_path: Path
) -> None:
    out, err = io.StringIO(), io.StringIO()
    filled = [str(tmp_path / "out") if word == "out" else word for word in words]
    assert main([*filled, path], io.StringIO(), out, err) == 2
    assert path in err.getvalue()
    assert "defect" not in err.getvalue()


def test_settings_of_a_table_may_come_from_a_pipe_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("address\nana@b.es\neva@b.es\n")
    server = {"host": "mail.b.es", "port": 993, "security": "tls"}
    document = {
        "incoming": [{**server, "protocol": "imap"}],
        "outgoing": [{**server, "protocol": "smtp", "port": 465}],
    }
    (tmp_path / "one.json").write_text(json.dumps(document))
    words = f"{sys.executable} -m mailsetup batch people.csv --dry-run --json --settings"
    done = subprocess.run(
        ["bash", "-c", f"{words} <(cat one.json)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["people"] == 2
