"""Write an export's files into a folder without losing existing files."""

import stat
from dataclasses import dataclass
from pathlib import Path

from mailsetup.export.exporter import Artifact
from mailsetup.export.filename import is_safe_name
from mailsetup.files import atomic
from mailsetup.files.file_set import FileWrite, NotRestoredError, write_all
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
    writes = [
        FileWrite(target, file.content, 0o600 if file.private else 0o644, replace=force)
        for file, target in zip(artifact.files, targets, strict=True)
    ]
    try:
        write_all(writes)
    except NotRestoredError as error:
        return WriteFailure(error.reason)
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
