"""A command on a real terminal: a pseudo-terminal of this computer. Not for Windows."""

import os
import re
import select
import sys
import time
from dataclasses import dataclass

if sys.platform != "win32":
    import pty

_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was to be read, without colours and movements, and the exit status."""

    status: int
    text: str


def on_terminal(
    *words: str, typed: tuple[tuple[str, str], ...] = (), seconds: float = 90, **environment: str
) -> Seen:
    """Run ``mailsetup`` with input, output and messages on a terminal.

    ``typed`` says what is typed as soon as a text is to be read, in this order.
    """
    process, terminal = pty.fork()
    if process == 0:
        known = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        command = [sys.executable, "-m", "mailsetup", *words]
        os.execve(sys.executable, command, {**known, "TERM": "xterm", **environment})  # noqa: S606
    content, waiting, end = b"", list(typed), time.monotonic() + seconds
    try:
        while time.monotonic() < end and select.select([terminal], [], [], seconds)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # Linux' way to say that the other side is closed
                break
            if not chunk:
                break
            content += chunk
            if waiting and waiting[0][0].encode() in content:
                os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    finally:
        os.close(terminal)
        _pid, status = os.waitpid(process, 0)
    text = _CODE.sub("", content.decode()).replace("\r\n", "\n")
    return Seen(os.waitstatus_to_exitcode(status), text)
