"""Write an export's files into a folder, without losing what is there."""

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from mailsetup.export import atomic
from mailsetup.export.exporter import Artifact
from mailsetup.export.filename import is_safe_name
from mailsetup.i18n import _


@dataclass(frozen=True, slots=True)
class Written:
    """Where the files are, in the artifact's order."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class WriteRefused:
    """Why not; ``reason`` is a sentence. Files that stood there are as they were."""

    reason: str


def write_artifact(
    artifact: Artifact, folder: Path, *, force: bool = False
) -> Written | WriteRefused:
    """Write all files or none. With ``force`` files of the same name are replaced.

    The folder is made when it is missing. Links and folders are never written through or replaced.
    """
    names = [file.name for file in artifact.files]
    if len({name.casefold() for name in names}) != len(names) or not all(map(is_safe_name, names)):
        return WriteRefused(_("A file name of this export is not safe. Nothing was written."))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        return WriteRefused(_("{place} is a file, not a folder.").format(place=folder))
    except OSError as error:
        return WriteRefused(atomic.reason(error, folder))
    targets = [folder / name for name in names]
    for target in targets:
        refused = _occupied(target, force=force)
        if refused:
            return WriteRefused(refused)
    try:
        _write_all(artifact, targets, force=force)
    except FileExistsError as error:
        return WriteRefused(_taken(Path(error.filename2 or error.filename or folder)))
    except OSError as error:
        return WriteRefused(atomic.reason(error, folder))
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
            place=target
        )
    if not stat.S_ISREG(mode):
        return _("{place} is not a file. Nothing was written.").format(place=target)
    return "" if force else _taken(target)


def _taken(target: Path) -> str:
    return _("{place} is there already. Choose another folder, or replace it with --force.").format(
        place=target
    )


def _write_all(artifact: Artifact, targets: list[Path], *, force: bool) -> None:
    """First everything aside, where a full disk shows itself; then names into place."""
    prepared: list[Path] = []
    placed: list[Path] = []
    try:
        for file, target in zip(artifact.files, targets, strict=True):
            temporary = atomic.aside(target.parent)
            prepared.append(temporary)
            atomic.write_new(temporary, file.content, 0o600 if file.private else 0o644)
        for temporary, target in zip(prepared, targets, strict=True):
            if force:
                temporary.replace(target)
            else:
                _place_new(temporary, target)
                placed.append(target)
    except BaseException:
        for path in (*prepared, *placed):
            atomic.remove_quietly(path)
        raise
    for folder in {target.parent for target in targets}:
        atomic.sync_folder(folder)


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
        return
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
