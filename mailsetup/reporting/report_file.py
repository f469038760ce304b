"""A report as a file: written completely or not at all, readable for its owner only."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mailsetup.files import atomic, presence
from mailsetup.i18n import _
from mailsetup.model.text import plain
from mailsetup.reporting.content import ReportContent
from mailsetup.reporting.html import html
from mailsetup.reporting.plain_text import text

SUFFIXES = (".html", ".pdf", ".txt")
"""The suffixes of a report's file name; they determine its format."""

_MODE = 0o600

MakePdf = Callable[[ReportContent], bytes]
"""Makes a PDF; b"" where that is not possible."""


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """The report was written to ``path``."""

    path: Path


@dataclass(frozen=True, slots=True)
class ReportFileFailure:
    """No report was written; ``reason`` is a sentence. An existing file is unchanged."""

    reason: str


def report_obstacle(path: Path, *, force: bool = False) -> str:
    """Why a report cannot be written to this path, as a sentence; "" where nothing is known.

    For the time before a long check.
    """
    if path.suffix.lower() not in SUFFIXES:
        return _("The name of the report has to end in {endings}: {place}").format(
            endings=", ".join(SUFFIXES), place=path
        )
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        return unwritable(error, path)
    if stat.S_ISLNK(mode):
        return _("{place} is a link. It was not followed; nothing was written.").format(place=path)
    if not stat.S_ISREG(mode):
        return _("{place} is not a file. Nothing was written.").format(place=path)
    return "" if force else _taken(path)


def write_report(
    content: ReportContent, path: Path, *, pdf: MakePdf | None, force: bool = False
) -> ReportWritten | ReportFileFailure:
    """Write the report in the format of the file's suffix, with mode 0600.

    A missing folder is created. An existing file is replaced with ``force`` only, a link never.
    ``pdf`` is None where no PDF can be made.
    """
    obstacle = report_obstacle(path, force=force)
    if obstacle:
        return ReportFileFailure(obstacle)
    match path.suffix.lower():
        case ".html":
            written = html(content).encode()
        case ".txt":
            written = text(content).encode()
        case _:
            made = _pdf(content, pdf)
            if not made:
                return ReportFileFailure(
                    _("A PDF cannot be made here. Choose a name that ends in .html and print it.")
                )
            written = made
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.remove_leftovers(path.parent)
        if force:
            atomic.put(path, written, _MODE)
        else:
            _put_new(path, written)
    except FileExistsError as error:
        # The name of the report, or a file where its folder should be.
        return ReportFileFailure(
            _taken(path if presence.is_folder(path.parent) else Path(error.filename))
        )
    except (OSError, ValueError) as error:
        return ReportFileFailure(unwritable(error, path))
    return ReportWritten(path)


def _pdf(content: ReportContent, pdf: MakePdf | None) -> bytes | None:
    if pdf is None:
        return None
    try:
        return pdf(content)
    except ImportError:  # a library of the system that Qt needs is missing
        return None


def _put_new(path: Path, written: bytes) -> None:
    """As `atomic.put`, but without replacing a file. Raises FileExistsError."""
    temporary = atomic.temporary_path(path.parent)
    try:
        atomic.write_new(temporary, written, _MODE)
        if os.name == "nt":
            temporary.rename(path)
        else:
            _give_name(temporary, path)
    finally:
        atomic.remove_quietly(temporary)
    atomic.sync_folder(path.parent)


def _give_name(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links (FAT): check once more, then rename.
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.replace(path)


def _taken(path: Path) -> str:
    return _("{place} is there already. Choose another name, or replace it with --force.").format(
        place=path
    )


def unwritable(error: OSError | ValueError, path: Path) -> str:
    """Why a file cannot be written, as a sentence that names a missing folder."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return atomic.reason(error, path.parent)
    if isinstance(error, OSError):
        return atomic.reason(error, path)
    return _("{place} is not a name that a file can have.").format(place=plain(str(path)))
