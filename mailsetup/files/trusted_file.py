"""Files that decide where passwords go: read only where nobody else can have written them.

On Windows there is no such look: folders below the person's profile inherit its access list, those
for all users are written by administrators, and the standard library reads neither.
"""

import errno
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from mailsetup.files.user_file import open_to_read
from mailsetup.model.ownership import OwnershipFault

if sys.platform != "win32":
    import grp
    import pwd


@dataclass(frozen=True, slots=True)
class OwnershipFailure:
    """A file that is not read; ``path`` is the file or the folder above it that is the reason."""

    path: Path
    reason: OwnershipFault


def read_own(path: Path, limit: int) -> bytes | OwnershipFailure:
    """The first ``limit`` + 1 octets of an ordinary file that only the person or root can change.

    The file itself, its folder, where a link leads and all folders above are judged. Raises OSError
    (FileNotFoundError where there is none); a pipe or a device is not waited for.
    """
    descriptor = open_to_read(path)
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(descriptor)
        if stat.S_ISDIR(seen.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(seen.st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        distrusted = _distrusted(path, seen)
        return file.read(limit + 1) if distrusted is None else distrusted


def _distrusted(path: Path, seen: os.stat_result) -> OwnershipFailure | None:
    if sys.platform == "win32":
        return None
    target = path.resolve()
    reason = _reason(seen, sticky=False)
    if reason is not None:
        return OwnershipFailure(target, reason)
    # Of a link the folder in which it stands counts as well as the one to which it leads.
    for folder in dict.fromkeys((path.parent.resolve(), target.parent)):
        for place in (folder, *folder.parents):
            reason = _reason(place.stat(), sticky=place != folder)
            if reason is not None:
                return OwnershipFailure(place, reason)
    return None


def _reason(seen: os.stat_result, *, sticky: bool) -> OwnershipFault | None:
    """``sticky`` is for the folders further up: one such as /tmp counts, in which nobody can rename
    what is another's, and so does one of the administrator's outside of a user namespace."""
    owners = {os.geteuid(), 0} | (_unmapped_owners() if sticky else set())
    if seen.st_uid not in owners:
        return OwnershipFault.FOREIGN
    if sticky and seen.st_mode & stat.S_ISVTX:
        return None
    by_group = seen.st_mode & stat.S_IWGRP and not is_group_of_one(seen.st_uid, seen.st_gid)
    return OwnershipFault.WRITABLE if by_group or seen.st_mode & stat.S_IWOTH else None


def _unmapped_owners() -> set[int]:
    """The id that stands for every user outside of this user namespace, root among them.

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
    """Whether a group is a person's private one, to whose files Ubuntu and Fedora let it write.

    False for the administrator, whose files have no reason to be writable by a group.
    """
    if sys.platform == "win32" or uid == 0:
        return False

    try:
        person, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    own = person.pw_gid == gid and group.gr_name == person.pw_name
    return own and set(group.gr_mem) <= {person.pw_name}
