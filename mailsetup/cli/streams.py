"""The standard streams of one command, and the questions that it asks on them."""

from dataclasses import dataclass
from typing import TextIO

from mailsetup.i18n.languages import is_yes


@dataclass(frozen=True, slots=True)
class Streams:
    """``stdout`` gets the result; with ``wants_json`` exactly one JSON document."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    wants_json: bool

    @property
    def can_ask(self) -> bool:
        """Whether a user at a terminal can read a question and answer it."""
        return not self.wants_json and self.stdin.isatty() and self.stderr.isatty()

    def confirms(self, question: str) -> bool:
        """Ask a yes-or-no question; anything but yes, in any language of ours, is no."""
        self.stderr.write(question)
        self.stderr.flush()
        return is_yes(self.stdin.readline())
