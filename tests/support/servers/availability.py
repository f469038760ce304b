"""Whether the real servers can be started on this computer."""

import functools
import os
import shutil
import sys

from tests.support import rootless

if sys.platform != "win32":
    import pwd

USERS = ("mail", "postfix", "dovecot", "dovenull", "nobody")
"""The users as whom the servers run."""

PROGRAMS = ("dovecot", "postfix", "knotd", "knotc", "nginx")


def missing() -> str | None:
    """Why the servers cannot be started here, or None."""
    if sys.platform == "win32":
        return "the real servers run on Linux only"
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    if os.geteuid() != 0:
        return f"the real servers need root; {_without_root()}"
    ids = [pwd.getpwnam(name).pw_uid for name in USERS]
    if rootless.unmapped(ids):
        return "the real servers need more than the one user that exists in this user namespace"
    return None


@functools.cache
def _without_root() -> str:
    """What an ordinary user can do, or why nothing."""
    way = rootless.command(["true"])
    if isinstance(way, rootless.NamespaceFailure):
        return f"in its place, a user namespace would do: {way.reason}"
    return "packaging/start.py test gives them a user namespace"
