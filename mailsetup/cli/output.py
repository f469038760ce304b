"""Standard output and error, as a command finds them: perhaps closed, full, or ASCII only."""

import codecs
import errno
import io
import os
import unicodedata
from collections.abc import Callable
from typing import TextIO, cast

from mailsetup.i18n import _

_REPLACED = {
    "✔": "+", "✘": "x", "·": "-", "→": "->", "…": "...", "“": '"', "”": '"', "’": "'",
    "—": "-", "–": "-", "─": "-", "«": '"', "»": '"', "¿": "?", "¡": "!", "€": "EUR",
}  # fmt: skip
_STEERING = {code: " " for code in (*range(32), *range(127, 160)) if code not in (9, 10, 13)}
"""The C0 and C1 control characters but for tabs and line ends."""
_CLOSEST = "mailsetup.closest"


class OutputLostError(Exception):
    """The result cannot be written. ``status`` is the exit status, the text says why.

    The text is empty where nobody wants the result any more.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Stream(io.TextIOBase):
    """A stream around another one; what happens when that fails is up to the subclass."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_CLOSEST)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding or "utf-8"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        self._guarded(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._guarded(self._stream.flush)

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (OSError, ValueError) as error:
            _write_nowhere(self._stream)
            self._failed(error)

    def _failed(self, error: OSError | ValueError) -> None:
        raise NotImplementedError


class _Output(_Stream):
    """Where the result goes. A result that is lost ends the command."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.has_written = False

    def write(self, text: str) -> int:
        self.has_written = self.has_written or bool(text)
        # No result is coloured: an escape can only come from outside, as in a file's name.
        return super().write(text.translate(_STEERING))

    def _failed(self, error: OSError | ValueError) -> None:
        if isinstance(error, BrokenPipeError):
            raise OutputLostError("", 0) from error  # as with `| head`: that is no mistake
        raise _lost(error) from error


class _Messages(_Stream):
    """Where messages go. A command goes on without them."""

    def _failed(self, error: OSError | ValueError) -> None:
        del error


def output(stream: TextIO | None) -> TextIO:
    """Standard output. Writing raises `OutputLostError` where the result cannot be written.

    Raises it at once where standard output is closed.
    """
    if stream is None or stream.closed:
        raise OutputLostError(_("Standard output is closed, so nothing was done."), 1)
    return cast("TextIO", _Output(stream))


def messages(stream: TextIO | None) -> TextIO:
    """Standard error; writing never fails."""
    return cast("TextIO", _Messages(io.StringIO() if stream is None else stream))


def has_written(stream: TextIO) -> bool:
    """Whether anything of a result went out by this stream of `output`."""
    return isinstance(stream, _Output) and stream.has_written


def _lost(error: OSError | ValueError) -> OutputLostError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputLostError(_("The result cannot be written: the disk is full."), 1)
    why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
    return OutputLostError(_("The result cannot be written ({why}).").format(why=why), 1)


def _write_nowhere(stream: TextIO) -> None:
    """Let the interpreter's own flush at the end succeed: it would report the failure again."""
    try:
        target = stream.fileno()
    except (OSError, ValueError):
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, target)
    os.close(nowhere)


def open_standard_files() -> None:
    """Give the descriptors 0 to 2 a meaning where the caller closed them.

    Otherwise the next file or socket gets such a number, and whatever a library writes to
    standard error goes into it.
    """
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return


def _closest(error: UnicodeError) -> tuple[str, int]:
    """Characters that the terminal's encoding lacks, as similar ones that it has."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(map(_similar, missing)), error.end


def _similar(character: str) -> str:
    if character in _REPLACED:
        return _REPLACED[character]
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if part.isascii() and part.isprintable()) or "?"


codecs.register_error(_CLOSEST, _closest)
