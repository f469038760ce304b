"""Write an export's files into a folder without losing existing files."""

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mailsetup.export.exporter import Artifact
from mailsetup.export.filename import is_safe_name
from mailsetup.files import atomic
from mailsetup.i18n import _
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class Written:
    """The paths of the files, in the artifact's order."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """Why nothing was written; ``reason`` is a sentence. Existing files are unchanged, except for
    those that it names."""

    reason: str


def write_artifact(
    artifact: Artifact, folder: Path, *, force: bool = False
) -> Written | WriteFailure:
    """Write all files or none. With ``force`` files of the same name are replaced, all or none.

    Temporary files of killed runs are removed. A missing folder is made. Links and folders are
    never written through or replaced.
    """
    names = [file.name for file in artifact.files]
    if len({name.casefold() for name in names}) != len(names) or not all(map(is_safe_name, names)):
        return WriteFailure(_("A file name of this export is not safe. Nothing was written."))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        return WriteFailure(_("{place} is a file, not a folder.").format(place=_shown(folder)))
    except OSError as error:
        return WriteFailure(atomic.reason(error, folder))
    atomic.remove_leftovers(folder)
    targets = [folder / name for name in names]
    for target in targets:
        failure = _occupied(target, force=force)
        if failure:
            return WriteFailure(failure)
    try:
        _write_all(artifact, targets, force=force)
    except _NotRestoredError as error:
        return WriteFailure(error.sentence(folder))
    except FileExistsError as error:
        return WriteFailure(_taken(Path(error.filename2 or error.filename or folder)))
    except OSError as error:
        reason = atomic.reason(error, folder)
        return WriteFailure(f"{reason} {_('Nothing was replaced.')}" if force else reason)
    return Written(tuple(targets))


def _occupied(target: Path, *, force: bool) -> str:
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return ""
    except OSError as error:
        return atomic.reason(error, target)
    if stat.S_ISLNK(mode):
        return _("{place} is a link. It was not followed; nothing was written.").format(
            place=_shown(target)
        )
    if not stat.S_ISREG(mode):
        return _("{place} is not a file. Nothing was written.").format(place=_shown(target))
    return "" if force else _taken(target)


def _shown(path: Path) -> str:
    return plain(str(path), 1000)


def _taken(target: Path) -> str:
    return _("{place} is there already. Choose another folder, or replace it with --force.").format(
        place=_shown(target)
    )


class _NotRestoredError(Exception):
    """Some files could not be replaced, and the old ones could not be restored either."""

    def __init__(self, error: OSError, replaced: list[Path]) -> None:
        super().__init__()
        self._error = error
        self._replaced = replaced

    def sentence(self, folder: Path) -> str:
        reason = atomic.reason(self._error, folder)
        names = ", ".join(path.name for path in self._replaced)
        also = _("These files are the new ones already: {names}.").format(names=names)
        return f"{reason} {also}"


def _write_all(artifact: Artifact, targets: list[Path], *, force: bool) -> None:
    """Write temporary files first, which shows a full disk, then rename them."""
    prepared: list[Path] = []
    placed: list[tuple[Path, Path | None]] = []
    """Targets, each with the backup link to the existing file."""
    with contextlib.ExitStack() as needed:
        try:
            for file, target in zip(artifact.files, targets, strict=True):
                temporary = atomic.temporary_path(target.parent)
                prepared.append(temporary)
                atomic.write_new(temporary, file.content, 0o600 if file.private else 0o644)
                needed.enter_context(atomic.marked_in_use(temporary))
            for temporary, target in zip(prepared, targets, strict=True):
                old = _backup_link(target) if force else None
                if old is None:
                    _rename_new(temporary, target)
                    placed.append((target, None))
                else:
                    placed.append((target, old))
                    needed.enter_context(atomic.marked_in_use(old))
                    temporary.replace(target)
        except BaseException as error:
            remaining = _restore(placed)
            _clear(prepared)
            if remaining and isinstance(error, OSError):
                raise _NotRestoredError(error, remaining) from error
            raise
        _clear([*prepared, *(old for _target, old in placed if old is not None)])
    for folder in {target.parent for target in targets}:
        atomic.sync_folder(folder)


def _clear(ours: Iterable[Path]) -> None:
    """Remove temporary files; raise a KeyboardInterrupt only after all are removed."""
    interrupt = None
    for path in ours:
        for _attempt in range(2):
            try:
                path.unlink(missing_ok=True)
                break
            except OSError:
                continue
            except KeyboardInterrupt as raised:
                interrupt = raised
    if interrupt is not None:
        raise interrupt


def _backup_link(target: Path) -> Path | None:
    """Make a hard link to an existing file, to restore it from; None if there is no file."""
    old = atomic.temporary_path(target.parent)
    try:
        os.link(target, old, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except (OSError, NotImplementedError):
        # A file system without hard links (FAT), or a file of another user.
        target.rename(old)
    return old


def _restore(placed: list[tuple[Path, Path | None]]) -> list[Path]:
    """Restore in reverse order; returns the files that could not be restored."""
    remaining = []
    for target, old in reversed(placed):
        try:
            if old is None:
                target.unlink(missing_ok=True)
            else:
                old.replace(target)
                # Renaming one of two links of the same file to the other does nothing.
                old.unlink(missing_ok=True)
        except OSError:
            remaining.append(target)
    return remaining[::-1]


def _rename_new(temporary: Path, target: Path) -> None:
    """Rename without replacing a file that was created meanwhile."""
    if os.name == "nt":
        temporary.rename(target)
        return
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links (FAT): check again, then rename.
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        temporary.replace(target)
