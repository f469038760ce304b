"""Read files that decide where passwords go, only where no other user can have written them.

Nothing is checked on Windows: folders below the user's profile inherit its access list, those for
all users are written by administrators, and the standard library reads neither.
"""

import errno
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from mailsetup.files.user_file import open_to_read
from mailsetup.model.file_ownership import OwnershipFault

if sys.platform != "win32":
    import grp
    import pwd


@dataclass(frozen=True, slots=True)
class OwnershipFailure:
    """A file that is not read; ``path`` is the file or the parent folder that is the reason."""

    path: Path
    reason: OwnershipFault


def read_own(path: Path, limit: int) -> bytes | OwnershipFailure:
    """The first ``limit`` + 1 octets of a regular file that only this user or root can change.

    The file itself, its folder, the target of a link and all parent folders are checked. Raises
    OSError (FileNotFoundError where there is none); does not wait for a pipe or a device.
    """
    descriptor = open_to_read(path)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        failure = _ownership_failure(path, status)
        return file.read(limit + 1) if failure is None else failure


def _ownership_failure(path: Path, status: os.stat_result) -> OwnershipFailure | None:
    if sys.platform == "win32":
        return None
    target = path.resolve()
    reason = _fault(status, sticky=False)
    if reason is not None:
        return OwnershipFailure(target, reason)
    # The folder of a link counts as well as the folder of its target.
    for folder in dict.fromkeys((path.parent.resolve(), target.parent)):
        for place in (folder, *folder.parents):
            reason = _fault(place.stat(), sticky=place != folder)
            if reason is not None:
                return OwnershipFailure(place, reason)
    return None


def _fault(status: os.stat_result, *, sticky: bool) -> OwnershipFault | None:
    """``sticky`` is for the folders further up: one such as /tmp is trusted, in which nobody can
    rename the files of others, and so is one of the administrator outside of a user namespace."""
    owners = {os.geteuid(), 0} | (_unmapped_owners() if sticky else set())
    if status.st_uid not in owners:
        return OwnershipFault.FOREIGN
    if sticky and status.st_mode & stat.S_ISVTX:
        return None
    by_group = status.st_mode & stat.S_IWGRP and not is_group_of_one(status.st_uid, status.st_gid)
    return OwnershipFault.WRITABLE if by_group or status.st_mode & stat.S_IWOTH else None


def _unmapped_owners() -> set[int]:
    """The id that stands for every user outside of this user namespace, among them root.

    Inside a sandbox such as Flatpak's, / and /home belong to it (user_namespaces(7)). Empty where
    all ids are mapped: the same number is then an ordinary user, nobody.
    """
    try:
        first, outside, count = Path("/proc/self/uid_map").read_text(encoding="ascii").split()[:3]
        if (first, outside, count) == ("0", "0", "4294967295"):
            return set()
        return {int(Path("/proc/sys/kernel/overflowuid").read_text(encoding="ascii"))}
    except (OSError, ValueError):
        return set()


def is_group_of_one(uid: int, gid: int) -> bool:
    """Whether a group is a user's private one, which Ubuntu and Fedora let write their files.

    False for the administrator, whose files need not be writable by a group.
    """
    if sys.platform == "win32" or uid == 0:
        return False

    try:
        person, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    own = person.pw_gid == gid and group.gr_name == person.pw_name
    return own and set(group.gr_mem) <= {person.pw_name}
