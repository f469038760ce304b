"""A report as a file: format, permissions, and complete writes."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mailsetup.reporting.content import ReportContent
from mailsetup.reporting.html import html
from mailsetup.reporting.plain_text import text
from mailsetup.reporting.report_file import (
    ReportFileFailure,
    ReportWritten,
    report_obstacle,
    write_report,
)
from tests.support.reporting.samples import content

pytestmark = pytest.mark.slow

CONTENT = content("broken")


def fake_pdf(_content: ReportContent) -> bytes:
    return b"%PDF-1.4 made"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("informe ñ.html", html(CONTENT).encode()),
        ("INFORME.HTML", html(CONTENT).encode()),
        ("r.txt", text(CONTENT).encode()),
        ("r.pdf", b"%PDF-1.4 made"),
    ],
)
def test_the_suffix_determines_the_format(tmp_path: Path, name: str, expected: bytes) -> None:
    path = tmp_path / "new" / "folder" / name
    assert write_report(CONTENT, path, pdf=fake_pdf) == ReportWritten(path)
    assert path.read_bytes() == expected
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("force", [False, True])
def test_the_file_is_readable_for_its_owner_only(tmp_path: Path, *, force: bool) -> None:
    path = tmp_path / "r.html"
    if force:
        path.write_text("before")
        path.chmod(0o666)
    before = os.umask(0)
    try:
        assert isinstance(write_report(CONTENT, path, pdf=None, force=force), ReportWritten)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["r.doc", "r", "r.html.exe", ".html", "r.pdf "])
def test_another_suffix_is_refused_with_the_supported_ones(tmp_path: Path, name: str) -> None:
    refused = write_report(CONTENT, tmp_path / name, pdf=fake_pdf)
    assert isinstance(refused, ReportFileFailure)
    assert ".html, .pdf, .txt" in refused.reason
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_with_force_only(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_text("precious")
    assert report_obstacle(path)
    refused = write_report(CONTENT, path, pdf=None)
    assert isinstance(refused, ReportFileFailure)
    assert str(path) in refused.reason
    assert path.read_text() == "precious"
    assert report_obstacle(path, force=True) == ""
    assert isinstance(write_report(CONTENT, path, pdf=None, force=True), ReportWritten)
    assert path.read_text() == text(CONTENT)


@pytest.mark.parametrize("force", [False, True])
def test_links_and_folders_are_not_replaced(tmp_path: Path, *, force: bool) -> None:
    target = tmp_path / "target.html"
    target.write_text("precious")
    link, folder = tmp_path / "link.html", tmp_path / "folder.html"
    link.symlink_to(target)
    folder.mkdir()
    for path in (link, folder):
        assert isinstance(write_report(CONTENT, path, pdf=None, force=force), ReportFileFailure)
    assert link.is_symlink()
    assert target.read_text() == "precious"
    assert folder.is_dir()


@pytest.mark.parametrize("path", ["a\0b.html", "x" * 300 + ".html", "file/in.html"])
@pytest.mark.parametrize("force", [False, True])
def test_an_impossible_path_gives_a_sentence(tmp_path: Path, path: str, *, force: bool) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    refused = write_report(CONTENT, tmp_path / path, pdf=None, force=force)
    assert isinstance(refused, ReportFileFailure)
    assert refused.reason.endswith((".", ")"))
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_without_a_pdf_maker_no_file_is_written(tmp_path: Path) -> None:
    def broken(_content: ReportContent) -> bytes:
        raise ImportError("libEGL.so.1")

    for pdf in (None, broken, lambda _content: b""):
        refused = write_report(CONTENT, tmp_path / "r.pdf", pdf=pdf)
        assert isinstance(refused, ReportFileFailure)
        assert ".html" in refused.reason
    assert list(tmp_path.iterdir()) == []


CHILD = """
import errno, os, signal, sys
from pathlib import Path
from mailsetup.reporting.report_file import ReportFileFailure, write_report
from tests.support.reporting.samples import content
made, folder, fatal, how = content("healthy"), sys.argv[1], int(sys.argv[2]), sys.argv[3]
path, touches = Path(folder, "r.html"), [0]
def hook(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
    if not (writes or event in ("os.rename", "os.link", "os.remove")):
        return
    if not str(arguments[0]).startswith(folder):
        return
    touches[0] += 1
    if touches[0] == fatal:
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, "no space")
sys.addaudithook(hook)
done = write_report(made, path, pdf=None, force=how.endswith("force"))
sys.exit(3 if isinstance(done, ReportFileFailure) else 0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills itself with a signal")
@pytest.mark.parametrize("how", ["kill", "full", "full-force"])
@pytest.mark.parametrize("fatal", [1, 2])
def test_an_interrupted_write_leaves_a_complete_file_or_none(
    tmp_path: Path, how: str, fatal: int
) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path), str(fatal), how]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    written = tmp_path / "r.html"
    if how == "kill":
        assert done.returncode == -signal.SIGKILL, done.stderr
    else:
        # The second access gives the name; a file system without links renames.
        assert done.returncode in (0, 3), done.stderr
        assert not [one for one in tmp_path.iterdir() if one != written]
    if written.exists():
        assert written.read_bytes().endswith(b"</html>\n")
    else:
        assert done.returncode != 0
