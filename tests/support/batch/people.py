"""People of a table, and the clock of a run."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailsetup.assistant.settings_file import SharedSettings
from mailsetup.batch.journal import RunJournal
from mailsetup.batch.table_check import Person
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret


class Clock:
    """Time that passes only in `sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


def person(
    address: str,
    word: str = "correcto",
    *,
    row: int = 1,
    settings: SharedSettings | None = None,
) -> Person:
    """A person of the table with the language English; ``word`` is the password."""
    parsed = EmailAddress.parse(address)
    assert isinstance(parsed, EmailAddress)
    password = Secret(word) if word else None
    return Person(row, parsed, f"Person {row}", "en", ("other",), settings, password)


@contextmanager
def open_journal(out: Path) -> Iterator[RunJournal]:
    """The journal of this folder of results."""
    journal = RunJournal.open(out)
    assert isinstance(journal, RunJournal)
    with journal:
        yield journal
