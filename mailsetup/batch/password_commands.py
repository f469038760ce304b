"""Runs commands that print a password.

Tables are untrusted: a command in a table is run only after the user has seen exactly that command
and agreed to it.
"""

import asyncio
import contextlib
import re
import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.text import has_control

MAX_COMMAND = 1000
"""Characters of a table's command: the user has to read it before agreeing."""
_END_SECONDS = 5.0
"""Seconds for a killed command to end."""


class CommandFault(StrEnum):
    """Why a command yields no password."""

    UNREADABLE = "unreadable"
    """Its quotation marks do not match."""
    UNSAFE_ADDRESS = "unsafe-address"
    """With this address it could have another meaning."""
    NOT_STARTED = "not-started"
    TOO_SLOW = "too-slow"
    TOO_LONG = "too-long"
    FAILED = "failed"


def fault_sentence(fault: CommandFault) -> str:
    """The fault in words, without anything that the command printed."""
    match fault:
        case CommandFault.UNREADABLE:
            return _("The command for the password cannot be read.")
        case CommandFault.UNSAFE_ADDRESS:
            return _("An address that begins with “-” or holds a slash is given to no command.")
        case CommandFault.NOT_STARTED:
            return _("The command for the password cannot be started.")
        case CommandFault.TOO_SLOW:
            return _("The command for the password did not end in time.")
        case CommandFault.TOO_LONG:
            return _("The password is too long or holds control characters.")
        case CommandFault.FAILED:
            return _("The command for the password gave none.")
        case _:
            assert_never(fault)


@dataclass(frozen=True, slots=True)
class TableCommand:
    """A command as a table writes it, and the rows that name it."""

    line: str
    rows: tuple[int, ...]


def table_command_fault(line: str, address: EmailAddress) -> str:
    """Why a table's command cannot be used, as a sentence; empty where it can."""
    if has_control(line) or len(line) > MAX_COMMAND:
        return _("The command for the password is too long or holds control characters.")
    words = command_words(line, address)
    return fault_sentence(words) if isinstance(words, CommandFault) else ""


def split_command(line: str) -> list[str]:
    """The words of a command line, as the system splits it. Raises ValueError."""
    if sys.platform == "win32":
        import ctypes

        split = ctypes.windll.shell32.CommandLineToArgvW
        split.restype = ctypes.POINTER(ctypes.c_wchar_p)
        count = ctypes.c_int()
        words = split(ctypes.c_wchar_p(line.strip()), ctypes.byref(count)) if line.strip() else None
        if not words or has_open_quote(line):
            raise ValueError("not a command")
        try:
            return [words[index] or "" for index in range(count.value)]
        finally:
            ctypes.windll.kernel32.LocalFree(words)
    return shlex.split(line)


def has_open_quote(line: str) -> bool:
    """Whether a quotation mark is not closed, by the rules of CommandLineToArgvW.

    Behind an odd number of backslashes it is a character of the word.
    """
    marks = re.findall(r'(\\*)"', line)
    return sum(len(backslashes) % 2 == 0 for backslashes in marks) % 2 == 1


def command_words(line: str, address: EmailAddress) -> list[str] | CommandFault:
    """The command as words, with ``{address}``, ``{local}`` and ``{domain}`` filled in.

    No shell is involved. An address that could be read as an option or a path is refused.
    """
    try:
        words = split_command(line)
    except ValueError:
        return CommandFault.UNREADABLE
    values = {
        "{address}": address.ascii,
        "{local}": address.local,
        "{domain}": address.domain,
    }
    filled = []
    for word in words:
        for name, value in values.items():
            if name in word and (set("/\\") & set(value) or value.startswith("-")):
                return CommandFault.UNSAFE_ADDRESS
            word = word.replace(name, value)
        filled.append(word)
    return filled or CommandFault.UNREADABLE


async def first_line_of(words: list[str], *, limit: int, seconds: float) -> bytes | CommandFault:
    """The output of a command up to its first line end, or all of it.

    Returns once the line or the stream has ended and the command has exited with status 0, all
    within ``seconds``. A line end suffices where another process has the stream open.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, reader = await loop.subprocess_exec(
            lambda: _LineReader(limit),
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            # A password manager's error messages may contain its data.
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return CommandFault.NOT_STARTED
    try:
        async with asyncio.timeout(seconds):
            line = await reader.line
            if isinstance(line, CommandFault):
                return line
            await reader.exited.wait()
    except TimeoutError:
        return CommandFault.TOO_SLOW
    finally:
        # Kills the command if it is still running, and closes the pipe.
        transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await reader.exited.wait()
    return line if transport.get_returncode() == 0 else CommandFault.FAILED


class _LineReader(asyncio.SubprocessProtocol):
    """Collects the first line of standard output and discards the rest.

    `asyncio.subprocess.Process.wait` is not used: on some Python versions it waits until every
    process that inherited the pipe has closed it (CPython issue 119710).
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._collected = bytearray()
        loop = asyncio.get_running_loop()
        self.line: asyncio.Future[bytes | CommandFault] = loop.create_future()
        self.exited = asyncio.Event()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:  # noqa: ARG002
        """Called with a part of the output."""
        if self.line.done() or not isinstance(data, bytes):
            return
        self._collected += data
        line, end, _rest = self._collected.partition(b"\n")
        if len(line) > self._limit:
            self.line.set_result(CommandFault.TOO_LONG)
        elif end:
            self.line.set_result(bytes(line))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        """Called at the end of the output."""
        if not self.line.done():
            self.line.set_result(bytes(self._collected))

    def process_exited(self) -> None:
        """Called when the command has ended."""
        self.exited.set()
