"""Run one piece of writing in a process that fails at its n-th touch of the disk.

``python interrupted.py WHAT N HOW FOLDER``: WHAT is ``apply`` (a new profile), ``undo-new`` (of
that), ``existing``, ``stored`` (with a password) or ``undo`` (in the profile ``abc.mine``),
``write`` or ``replace``. HOW is ``kill`` (SIGKILL), ``full`` (no space left) or ``interrupt``
(Ctrl-C). Exits with 0 when the work ended, 3 when it was refused, 130 when interrupted; prints how
many touches there were.
"""

import errno
import os
import signal
import sys
from pathlib import Path

from mailsetup.export.exporter import Artifact, ArtifactFile
from mailsetup.export.installation import Installation
from mailsetup.export.thunderbird_existing import apply_existing
from mailsetup.export.thunderbird_places import Place
from mailsetup.export.thunderbird_profile import ApplyRefused, apply_new_profile
from mailsetup.export.thunderbird_undo import UndoRefused, undo
from mailsetup.export.write import WriteRefused, write_artifact
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

_TOUCHES = frozenset({"os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.chmod"})
NEW = ArtifactFile("a.txt", b"new a", "text/plain"), ArtifactFile("b.txt", b"new b", "text/plain")


def _arm(fatal: int, how: str, folder: Path) -> list[int]:
    count = [0]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if not (event in _TOUCHES or writes) or not str(arguments[0]).startswith(str(folder)):
            return
        count[0] += 1
        if count[0] != fatal:
            return
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "interrupt":
            raise KeyboardInterrupt
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    sys.addaudithook(hook)
    return count


def main() -> int:
    what, number, how, place = sys.argv[1:]
    folder = Path(place)
    address = EmailAddress("ana", "bodega.example")
    account = Account(
        address,
        ServerSettings(Protocol.IMAP, "mail.bodega.example", 993, SocketType.TLS, address.ascii),
        ServerSettings(Protocol.SMTP, "mail.bodega.example", 465, SocketType.TLS, address.ascii),
    )
    count = _arm(int(number), how, folder)
    try:
        if what == "apply":
            refused = isinstance(apply_new_profile(account, root=folder), ApplyRefused)
        elif what in ("existing", "stored"):
            thunderbird = Installation(("thunderbird",), folder)
            mine = Place("mine", folder / "abc.mine", thunderbird, True, False)
            password = Secret("geheim") if what == "stored" else None
            done = apply_existing(account, mine, password=password)
            refused = isinstance(done, ApplyRefused)
        elif what == "undo-new":
            (new,) = folder.glob("*.ana-bodega.example")
            refused = isinstance(undo(new), UndoRefused)
        elif what == "undo":
            refused = isinstance(undo(folder / "abc.mine"), UndoRefused)
        else:
            result = write_artifact(Artifact(NEW, ()), folder, force=what == "replace")
            refused = isinstance(result, WriteRefused)
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(str(count[0]))
    return 3 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
