"""A report as a file: whole or not at all, for its owner only."""

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
"""How a report's file name may end; it chooses the form."""

_MODE = 0o600

MakePdf = Callable[[ReportContent], bytes]
"""Makes a PDF; b"" where that is not possible here."""


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """Where the report is."""

    path: Path


@dataclass(frozen=True, slots=True)
class ReportFileFailure:
    """Why there is none; ``reason`` is a sentence. What stood there is as it was."""

    reason: str


def report_obstacle(path: Path, *, force: bool = False) -> str:
    """Why a report could not be written to this place, as a sentence; "" where nothing is known.

    For whoever wants to know it before a long check.
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
    """Write the report, for its owner only, in the form that the file's name asks for.

    The folder is made when it is missing. A file of that name is replaced with ``force`` only, a
    link never. ``pdf`` makes a PDF; None where that is not possible.
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
    """Like `atomic.put`, but never over something that appeared meanwhile."""
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
        # A file system without hard links (FAT): look once more, then rename.
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        temporary.replace(path)


def _taken(path: Path) -> str:
    return _("{place} is there already. Choose another name, or replace it with --force.").format(
        place=path
    )


def unwritable(error: OSError | ValueError, path: Path) -> str:
    """Why a file cannot be written, as a sentence; it names the folder where that is missing."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return atomic.reason(error, path.parent)
    if isinstance(error, OSError):
        return atomic.reason(error, path)
    return _("{place} is not a name that a file can have.").format(place=plain(str(path)))
