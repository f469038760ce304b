"""What every verb works with: the streams, and the word for what the person has to change."""

from dataclasses import dataclass
from typing import TextIO

from mailsetup.cli.main import BAD_INPUT
from mailsetup.model.text import without_controls


class CommandError(Exception):
    """Something the person has to change: the id for machines, the sentence for people."""

    def __init__(self, error_id: str, message: str, status: int = BAD_INPUT) -> None:
        # A message may quote what was typed, a file's name for instance.
        self.message = without_controls(message)
        super().__init__(self.message)
        self.error_id = error_id
        self.status = status


@dataclass(frozen=True, slots=True)
class Streams:
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
