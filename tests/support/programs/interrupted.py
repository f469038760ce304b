"""File work that fails at its n-th file operation, each time in a separate process.

``python interrupted.py`` reads a `Wanted` a line, as JSON, and forks for each, so that modules are
imported once. It answers with the exit status and the output: 0 when the work ended, 3 when it was
refused, 130 when interrupted; the output is the number of file operations.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mailsetup.apply.artifact_writer import WriteFailure, write_artifact
from mailsetup.apply.evolution import apply_evolution
from mailsetup.apply.installation import Installation
from mailsetup.apply.result import ApplyFailure, UndoFailure
from mailsetup.apply.thunderbird.existing_profile import apply_existing
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.export.exporter import Artifact, ArtifactFile
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from tests.support.programs.thunderbird_profiles import thunderbird_at

_OPERATIONS = frozenset({"os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.chmod"})
NEW = ArtifactFile("a.txt", b"new a", "text/plain"), ArtifactFile("b.txt", b"new b", "text/plain")


@dataclass(frozen=True)
class Wanted:
    """What is to be carried out in ``folder``, and how it fails at which operation (0: at none).

    ``what`` is ``apply`` (a new profile of Thunderbird), ``undo-new`` (of that), ``existing``,
    ``stored`` (with a password) or ``undo`` (in the profile ``abc.mine``), ``evolution`` (a new
    account or its repair), ``write`` or ``replace``. ``how`` is ``kill`` (SIGKILL), ``full`` (no
    space left), ``interrupt`` (Ctrl-C) or ``spoil`` (the disk has lost the last byte of a file of
    ours, counted by the files of ours that are read back).
    """

    what: str
    number: int
    how: str
    folder: str
    host: str = "mail.bodega.example"
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True)
class Done:
    """How it ended; the status is negative for a signal."""

    status: int
    out: str
    error: str


class Interruptions:
    """The tests' side: starts the process that forks."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, what: str, number: int, how: str, folder: Path, host: str = Wanted.host) -> Done:
        """Carry out one piece of work."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        wanted = Wanted(what, number, how, str(folder), host)
        self._process.stdin.write(json.dumps(asdict(wanted)) + "\n")
        self._process.stdin.flush()
        return Done(**json.loads(self._process.stdout.readline()))

    def operations(self, what: str, folder: Path, how: str = "kill") -> int:
        """The number of file operations of the whole work, or of files that it reads back."""
        done = self.run(what, 0, how, folder)
        assert done.status == 0, done.error
        count = int(done.out)
        assert count > (how != "spoil")
        return count


# The tests run from a checkout as well as against an installed package.
_BOOT = (
    "import os, runpy, sys; sys.path.insert(0, os.getcwd()); sys.argv = sys.argv[1:];"
    " runpy.run_path(sys.argv[0], run_name='__main__')"
)


@contextmanager
def interruptions() -> Iterator[Interruptions]:
    """One process for all the interrupted work of a session."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, str(Path(__file__).resolve())],
        cwd=Path(__file__).resolve().parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Interruptions(process)
    finally:
        process.communicate()


# In that process ----------------------------------------------------------------------------------


def _arm(fatal: int, how: str, folder: Path) -> list[int]:
    count = [0]

    def spoil(event: str, arguments: tuple[object, ...]) -> None:
        # A bare descriptor, without a mode, is opened for a lock.
        reads = event == "open" and arguments[1] is not None
        reads = reads and isinstance(arguments[2], int) and not arguments[2] & os.O_WRONLY
        path = Path(str(arguments[0]))
        new = any(part.startswith(".mailsetup-") for part in path.parts)
        if not (reads and new and path.is_relative_to(folder) and path.is_file()):
            return
        if path.name == "key4.db" and path.parent.name.startswith(".mailsetup-"):
            return  # written by NSS, which is asked to decrypt with it
        count[0] += 1
        if count[0] == fatal:
            os.truncate(path, path.stat().st_size - 1)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if how == "spoil":
            spoil(event, arguments)
            return
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if not (event in _OPERATIONS or writes) or not str(arguments[0]).startswith(str(folder)):
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


def _carried_out(wanted: Wanted) -> int:
    what, folder = wanted.what, Path(wanted.folder)
    address = EmailAddress("ana", "bodega.example")
    account = Account(
        address,
        ServerSettings(Protocol.IMAP, wanted.host, 993, SocketType.TLS, address.ascii),
        ServerSettings(Protocol.SMTP, wanted.host, 465, SocketType.TLS, address.ascii),
    )
    count = _arm(wanted.number, wanted.how, folder)
    try:
        if what == "apply":
            refused = isinstance(apply_new_profile(account, thunderbird_at(folder)), ApplyFailure)
        elif what in ("existing", "stored"):
            thunderbird = Installation(("thunderbird",), folder)
            mine = ThunderbirdProfile("mine", folder / "abc.mine", thunderbird, True, False)
            password = Secret("geheim") if what == "stored" else None
            done = apply_existing(account, mine, password=password)
            refused = isinstance(done, ApplyFailure)
        elif what == "undo-new":
            (new,) = folder.glob("*.ana-bodega.example")
            refused = isinstance(undo(new), UndoFailure)
        elif what == "evolution":
            refused = isinstance(apply_evolution(account, folder, repair=True), ApplyFailure)
        elif what == "undo":
            refused = isinstance(undo(folder / "abc.mine"), UndoFailure)
        else:
            result = write_artifact(Artifact(NEW, ()), folder, force=what == "replace")
            refused = isinstance(result, WriteFailure)
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(str(count[0]))
    return 3 if refused else 0


def _in_a_fork(wanted: Wanted) -> Done:
    out, error = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.environ.clear()
        os.environ.update(wanted.environment)
        os.dup2(out[1], 1)
        os.dup2(error[1], 2)
        status = 1
        try:
            status = _carried_out(wanted)
        except BaseException:  # noqa: BLE001 - reported to the test, which fails
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    outputs = []
    for read, write in (out, error):
        os.close(write)
        with open(read, encoding="utf-8") as pipe:  # noqa: PTH123 - a descriptor
            outputs.append(pipe.read())
    _child, ended = os.waitpid(child, 0)
    return Done(os.waitstatus_to_exitcode(ended), *outputs)


def main() -> None:
    for line in sys.stdin:
        done = _in_a_fork(Wanted(**json.loads(line)))
        sys.stdout.write(json.dumps(asdict(done)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
