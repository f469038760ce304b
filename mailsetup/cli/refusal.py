"""What every verb works with: the streams, and the word for what the person has to change."""

from dataclasses import dataclass
from typing import TextIO

from mailsetup.cli.main import BAD_INPUT


class RefusalError(Exception):
    """Something the person has to change: the id for machines, the sentence for people."""

    def __init__(self, error_id: str, message: str, status: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Streams:
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
