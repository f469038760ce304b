"""Write an export's files into a folder, without losing what is there."""

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
    """Where the files are, in the artifact's order."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class WriteFailure:
    """Why not; ``reason`` is a sentence. Files that stood there are as they were, unless it names
    those that are not."""

    reason: str


def write_artifact(
    artifact: Artifact, folder: Path, *, force: bool = False
) -> Written | WriteFailure:
    """Write all files or none. With ``force`` files of the same name are replaced, all or none.

    What a killed run left there is removed. The folder is made when it is missing. Links and
    folders are never written through or replaced.
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
    atomic.sweep(folder)
    targets = [folder / name for name in names]
    for target in targets:
        refused = _occupied(target, force=force)
        if refused:
            return WriteFailure(refused)
    try:
        _write_all(artifact, targets, force=force)
    except _NotPutBackError as error:
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


class _NotPutBackError(Exception):
    """Neither could all files be replaced nor the old ones be put back."""

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
    """First everything aside, where a full disk shows itself; then names into place."""
    prepared: list[Path] = []
    placed: list[tuple[Path, Path | None]] = []
    """Targets with the second name of the file that stood there."""
    with contextlib.ExitStack() as needed:
        try:
            for file, target in zip(artifact.files, targets, strict=True):
                temporary = atomic.aside(target.parent)
                prepared.append(temporary)
                atomic.write_new(temporary, file.content, 0o600 if file.private else 0o644)
                needed.enter_context(atomic.held(temporary))
            for temporary, target in zip(prepared, targets, strict=True):
                old = _second_name(target) if force else None
                if old is None:
                    _place_new(temporary, target)
                    placed.append((target, None))
                else:
                    placed.append((target, old))
                    needed.enter_context(atomic.held(old))
                    temporary.replace(target)
        except BaseException as error:
            remaining = _put_back(placed)
            _clear(prepared)
            if remaining and isinstance(error, OSError):
                raise _NotPutBackError(error, remaining) from error
            raise
        _clear([*prepared, *(old for _target, old in placed if old is not None)])
    for folder in {target.parent for target in targets}:
        atomic.sync_folder(folder)


def _clear(ours: Iterable[Path]) -> None:
    """Remove temporary files; a Ctrl-C meanwhile is passed on once all of them are gone."""
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


def _second_name(target: Path) -> Path | None:
    """Give the file another name of ours besides, so that it can be put back; None if none is
    there."""
    old = atomic.aside(target.parent)
    try:
        os.link(target, old, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except (OSError, NotImplementedError):
        # A file system without hard links (FAT), or somebody else's file.
        target.rename(old)
    return old


def _put_back(placed: list[tuple[Path, Path | None]]) -> list[Path]:
    """Undo in reverse; those that could not be put back."""
    remaining = []
    for target, old in reversed(placed):
        try:
            if old is None:
                target.unlink(missing_ok=True)
            else:
                old.replace(target)
                # Two names of one file are left as they are by a rename.
                old.unlink(missing_ok=True)
        except OSError:
            remaining.append(target)
    return remaining[::-1]


def _place_new(temporary: Path, target: Path) -> None:
    """Rename, but never over something that appeared meanwhile."""
    if os.name == "nt":
        temporary.rename(target)
        return
    try:
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links (FAT): look once more, then rename.
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        temporary.replace(target)
