"""Runs over a table whose n-th access to its folder fails, for every n; each in a fork.

``python failing_run.py TABLE OUT ERRNO`` prints a line of JSON for each: status, output, messages.
ERRNO ``size`` limits how much may be written to a file instead, in steps.
"""

import errno
import io
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import mailsetup.batch.welcome_sheet
import mailsetup.cli.commands.batch
import mailsetup.net.http
import mailsetup.net.network  # noqa: F401 - loaded once, before forking
from mailsetup.cli.main import main

_TOUCHES = frozenset({"os.mkdir", "os.rename", "os.link", "os.remove", "os.truncate", "os.scandir"})
_MOST = 200


def _arm(fatal: int, number: int, out: str) -> list[int]:
    count = [0]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" and event not in _TOUCHES:
            return
        place = arguments[0]
        # A descriptor that is truncated is the journal's.
        if not (isinstance(place, int) or str(place).startswith(out)):
            return
        count[0] += 1
        if count[0] == fatal:
            raise OSError(number, os.strerror(number), str(place))

    sys.addaudithook(hook)
    return count


def _limit(size: int) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _carried_out(table: str, out: str, kind: str, step: int) -> tuple[dict[str, object], bool]:
    """The output, and whether an access failed."""
    count = [0]
    if kind == "size":
        _limit((step - 1) * 2048)
    else:
        count = _arm(step, getattr(errno, kind), out)
    stdout, stderr = io.StringIO(), io.StringIO()
    words = ["batch", table, "--out", out, "--offline", "--for", "other", "--lang", "en"]
    status = main(words, io.StringIO(), stdout, stderr)
    said: dict[str, object] = {
        "step": step,
        "status": status,
        "out": stdout.getvalue(),
        "error": stderr.getvalue(),
    }
    return said, count[0] >= step or (kind == "size" and status != 0)


def _in_a_fork(table: str, out: str, kind: str, step: int) -> bool:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        said, failed = _carried_out(table, out, kind, step)
        os.write(write, json.dumps([said, failed]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    # Ending without a message is a failure of the run.
    said, failed = json.loads(text or '[{"status": -1, "error": ""}, true]')
    print(json.dumps(said), flush=True)
    return bool(failed)


def run(table: str, out: str, kind: str) -> None:
    """Repeat until a run needs so few accesses that none fails."""
    for step in range(1, _MOST):
        if Path(out).exists():
            shutil.rmtree(out)
        if not _in_a_fork(table, out, kind, step):
            return


if __name__ == "__main__":
    run(*sys.argv[1:])
