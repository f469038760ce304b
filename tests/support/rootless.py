"""Lets an ordinary user run the tests' real servers: root inside a user namespace.

Dovecot, Postfix, Knot and nginx start as root, change to their own users and listen on ports below
1024. They can do so in a user namespace that maps the user to root and the user's subordinate ids
to all other users, with its own network; outside of it every process runs as the user
(user_namespaces(7), subuid(5)).

Standard library only, so that it runs before anything is installed. `command` is for the process
that starts the tests; run as a program, this file is the first process inside the namespaces.
"""

import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import fcntl
    import pwd

_IDS = 65536
"""The number of ids of a mapping: useradd's default in Debian."""

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_INSIDE = "--inside"
_TRIAL_TIMEOUT = 10.0
"""Seconds for a trial."""


@dataclass(frozen=True)
class NamespaceFailure:
    """Why this user cannot run the tests' servers here."""

    reason: str
    """One sentence, without the final full stop."""
    packages: tuple[str, ...] = ()
    """Debian packages that would make it possible."""
    line: str = ""
    """A command that would make it possible; empty where there is none."""


def command(arguments: Sequence[str]) -> list[str] | NamespaceFailure:
    """The command that runs ``arguments`` (a program and its words) as root of new namespaces.

    It replaces its process by the program: signals, standard streams, folder and exit status are
    the program's. It is tried first, which takes less than a second. For root, ``arguments`` are
    returned unchanged.
    """
    if sys.platform != "linux":
        return NamespaceFailure("the real servers run on Linux only")
    if os.geteuid() == 0:
        return list(arguments)
    missing = missing_parts(_own_name(), os.getuid())
    if missing is not None:
        return missing
    prefix = [
        *("unshare", "--user", "--map-root-user", "--map-auto", "--net", "--mount", "--"),
        *(sys.executable, "-I", str(Path(__file__).resolve()), _INSIDE),
    ]
    # Without --map-auto first: with it, unshare hangs where namespaces are forbidden.
    for trial in (
        ["unshare", "--user", "--map-root-user", "--net", "--", "true"],
        [*prefix, sys.executable, "-I", "-c", _TRIAL],
    ):
        complaint = _complaint_of(trial)
        if complaint is not None:
            return forbidden(complaint)
    return [*prefix, *arguments]


_TRIAL = """
import os, socket, tempfile
folder = tempfile.mkdtemp()
try:
    os.chown(folder, 8, 65534)
finally:
    os.rmdir(folder)
with socket.socket() as listening:
    listening.bind(("127.44.0.1", 25))
"""
"""A trial of what the servers do: change a file's owner, and listen on a low port."""


def _complaint_of(trial: list[str]) -> str | None:
    """The line of a command's output that names its error; None where it succeeds."""
    try:
        tried = subprocess.run(trial, capture_output=True, text=True, timeout=_TRIAL_TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"{trial[0]} did not end"
    except OSError as error:
        return str(error)
    if tried.returncode == 0:
        return None
    lines = tried.stderr.strip().splitlines() or [f"{trial[0]} ended with {tried.returncode}"]
    # A traceback's last line names the fault, any other text's first.
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def missing_parts(user: str, uid: int) -> NamespaceFailure | None:
    """The programs and ids that this user lacks; None for nothing."""
    needed = (("unshare", "util-linux"), ("newuidmap", "uidmap"))
    absent = [(name, package) for name, package in needed if shutil.which(name) is None]
    if absent:
        return NamespaceFailure(
            f"not installed: {', '.join(name for name, _ in absent)}",
            packages=tuple(package for _, package in absent),
        )
    for kind in ("uid", "gid"):
        if subordinate_ids(Path(f"/etc/sub{kind}"), user, uid) < _IDS:
            return NamespaceFailure(
                f"{user} has no {_IDS} subordinate ids in /etc/sub{kind}",
                line=f"sudo usermod --add-sub{kind}s 100000-165535 {user}",
            )
    return None


def subordinate_ids(file: Path, user: str, uid: int) -> int:
    """The number of ids that a user may map, from a file (subuid(5): by name or by number)."""
    count = 0
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    for line in lines:
        fields = line.split(":")
        if len(fields) == 3 and fields[0] in (user, str(uid)) and fields[2].isdigit():
            count = max(count, int(fields[2]))
    return count


_SWITCHES = (
    # (file, value that forbids, command that allows)
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel/unprivileged_userns_clone", "0", "1"),
    ("user/max_user_namespaces", "0", "10000"),
)
"""Kernel settings that forbid user namespaces: Ubuntu's, older Debian's, the kernel's."""


def forbidden(complaint: str, settings: Path = Path("/proc/sys")) -> NamespaceFailure:
    """Why no namespace could be made: a kernel setting, or else the output of ``unshare``."""
    for name, forbids, allows in _SWITCHES:
        try:
            value = (settings / name).read_text().strip()
        except OSError:
            continue
        if value == forbids:
            setting = name.replace("/", ".")
            return NamespaceFailure(
                f"this system forbids user namespaces ({setting} = {value})",
                line=f"sudo sysctl -w {setting}={allows}",
            )
    return NamespaceFailure(f"this system allows no user namespace ({complaint})")


def unmapped(ids: Sequence[int], file: Path = Path("/proc/self/uid_map")) -> list[int]:
    """The ids that do not exist in this process's user namespace."""
    try:
        lines = [
            [int(word) for word in line.split()]
            for line in file.read_text(encoding="utf-8").splitlines()
        ]
    except OSError:
        return []  # not Linux: no namespaces
    return [one for one in ids if not any(first <= one < first + n for first, _, n in lines)]


# Inside -------------------------------------------------------------------------------------


def _loopback_up() -> None:
    """Switch on the loopback device of a new network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        response = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request)
        (flags,) = struct.unpack_from("H", response, 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def main(words: list[str]) -> int:
    """``--inside PROGRAM WORD…`` sets up the network and executes the program."""
    if words[:1] != [_INSIDE] or len(words) < 2:
        print(f"usage: {Path(__file__).name} {_INSIDE} PROGRAM [WORD …]", file=sys.stderr)
        return 2
    _loopback_up()
    return os.execvp(words[1], words[1:])  # noqa: S606 - the program itself, no shell


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
