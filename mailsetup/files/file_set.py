"""Write several files, all or none."""

import contextlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailsetup.files import atomic
from mailsetup.files.atomic import OperationError
from mailsetup.i18n import _


@dataclass(frozen=True, slots=True)
class FileWrite:
    """A file to write; without ``replace`` there must be no file of this name."""

    path: Path
    content: bytes
    mode: int
    replace: bool


class NotRestoredError(OperationError):
    """Some files could not be replaced, and the old ones could not be restored either."""

    def __init__(self, error: OSError, replaced: list[Path]) -> None:
        why = atomic.reason(error, replaced[0].parent)
        names = ", ".join(path.name for path in replaced)
        also = _("These files are the new ones already: {names}.").format(names=names)
        super().__init__(f"{why} {also}")


def write_all(writes: Sequence[FileWrite]) -> None:
    """Write temporary files first, which shows a full disk, then rename them.

    Raises FileExistsError where a file must not be replaced, NotRestoredError, OSError.
    """
    prepared: list[Path] = []
    placed: list[tuple[Path, Path | None]] = []
    """Targets, each with the backup link to the existing file."""
    with contextlib.ExitStack() as needed:
        try:
            for write in writes:
                temporary = atomic.temporary_path(write.path.parent)
                prepared.append(temporary)
                atomic.write_new(temporary, write.content, write.mode)
                needed.enter_context(atomic.marked_in_use(temporary))
            for temporary, write in zip(prepared, writes, strict=True):
                old = _backup_link(write.path) if write.replace else None
                if old is None:
                    _rename_new(temporary, write.path)
                    placed.append((write.path, None))
                else:
                    placed.append((write.path, old))
                    needed.enter_context(atomic.marked_in_use(old))
                    temporary.replace(write.path)
        except BaseException as error:
            remaining = _restore(placed)
            _clear(prepared)
            if remaining and isinstance(error, OSError):
                raise NotRestoredError(error, remaining) from error
            raise
        _clear([*prepared, *(old for _target, old in placed if old is not None)])
    for folder in {write.path.parent for write in writes}:
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
