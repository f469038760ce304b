"""Standard output and error that may be closed, full or ASCII only, and the JSON documents."""

import codecs
import errno
import io
import json
import os
import unicodedata
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final, TextIO, cast

from mailsetup.cli.exit_status import ExitStatus
from mailsetup.i18n import _
from mailsetup.model.text import is_control

_REPLACED: Final[Mapping[str, str]] = {
    "✔": "+", "✘": "x", "·": "-", "→": "->", "…": "...", "“": '"', "”": '"', "’": "'",
    "—": "-", "–": "-", "─": "-", "«": '"', "»": '"', "¿": "?", "¡": "!", "€": "EUR",
}  # fmt: skip
_CONTROLS: Final[Mapping[int, str]] = {
    code: " " for code in chain(range(32), range(127, 160)) if code not in (9, 10, 13)
}
"""The C0 and C1 control characters except tabs and line ends."""
_SIMILAR: Final = "mailsetup.similar"
"""Name of the codec error handler below."""


class OutputLostError(Exception):
    """The result cannot be written. ``status`` is the exit status, the message says why.

    The message is empty where the reader of a pipe has closed it.
    """

    def __init__(self, message: str, status: ExitStatus) -> None:
        super().__init__(message)
        self.status = status


class _Stream(io.TextIOBase):
    """A wrapper around a stream; the subclass decides what a failed write means."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_SIMILAR)

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
            _redirect_to_null(self._stream)
            self._failed(error)

    def _failed(self, error: OSError | ValueError) -> None:
        raise NotImplementedError


class _Output(_Stream):
    """Standard output: a result that cannot be written ends the command."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.has_written = False

    def write(self, text: str) -> int:
        self.has_written = self.has_written or bool(text)
        # No result is coloured: an escape can only come from outside, for instance a file's name.
        return super().write(text.translate(_CONTROLS))

    def _failed(self, error: OSError | ValueError) -> None:
        if isinstance(error, BrokenPipeError):
            # The reader has read enough, as `head` does.
            raise OutputLostError("", ExitStatus.DONE) from error
        raise _lost(error) from error


class _Messages(_Stream):
    """Standard error: a command goes on without its messages."""

    def _failed(self, error: OSError | ValueError) -> None:
        del error


def open_output(stream: TextIO | None) -> TextIO:
    """Standard output, whose writing raises `OutputLostError` when it fails.

    Raises it at once where standard output is closed.
    """
    if stream is None or stream.closed:
        raise OutputLostError(
            _("Standard output is closed, so nothing was done."), ExitStatus.FAILED
        )
    return cast("TextIO", _Output(stream))


def open_messages(stream: TextIO | None) -> TextIO:
    """Standard error; writing never fails."""
    return cast("TextIO", _Messages(io.StringIO() if stream is None else stream))


def has_written(stream: TextIO) -> bool:
    """Whether a part of a result was written to this stream of `open_output`."""
    return isinstance(stream, _Output) and stream.has_written


def _lost(error: OSError | ValueError) -> OutputLostError:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputLostError(
            _("The result cannot be written: the disk is full."), ExitStatus.FAILED
        )
    why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
    message = _("The result cannot be written ({why}).").format(why=why)
    return OutputLostError(message, ExitStatus.FAILED)


def print_document(document: Mapping[str, object], stdout: TextIO) -> None:
    """Print one JSON document in any encoding, without characters that control a terminal."""
    encoding = (stdout.encoding or "utf-8").lower().replace("-", "")
    text = json.dumps(document, ensure_ascii=encoding != "utf8", indent=2)
    if not text.isascii():
        text = "".join(
            json.dumps(char)[1:-1] if char > "~" and is_control(char) else char for char in text
        )
    stdout.write(f"{text}\n")
    stdout.flush()


def error_document(error_id: str, message: str, **details: object) -> dict[str, object]:
    """The document of a command that has no result."""
    error = {"id": error_id, "message": message, **details}
    return {"schema": 1, "outcome": "error", "error": error}


def _redirect_to_null(stream: TextIO) -> None:
    """Redirect to the null device: the interpreter's flush at exit would report the error again."""
    try:
        target = stream.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, target)
    os.close(null)


def _replace_unencodable(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: similar characters for those that the encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(map(_similar, missing)), error.end


def _similar(character: str) -> str:
    if character in _REPLACED:
        return _REPLACED[character]
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if part.isascii() and part.isprintable()) or "?"


codecs.register_error(_SIMILAR, _replace_unencodable)
