"""What a report says: text only, in one language, fit to be shown.

The values clean themselves when they are made: one line each, no control characters, cut. So no
way of writing them down can let through what a server put there.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum

from mailsetup.i18n import _
from mailsetup.model.finding import Link, Status
from mailsetup.model.text import plain

MAX_TEXT = 2000
"""Characters of one text."""
MAX_ROWS = 200
"""Rows of one table, or lines of one list."""


def _clean(value: object) -> object:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return plain(value, MAX_TEXT)
    if isinstance(value, tuple):
        return tuple(_clean(item) for item in value[:MAX_ROWS])
    return value


class _Text:
    """Cleans every text of a value that is being made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for one in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, one.name, _clean(getattr(self, one.name)))


@dataclass(frozen=True, slots=True)
class Headline(_Text):
    """The answer in one glance. ``advice`` and ``who`` are "" where nobody has to act."""

    status: Status
    title: str
    sentence: str
    advice: str = ""
    who: str = ""
    complaint: str = ""
    """What the person had complained of, as a sentence."""
    answer: str = ""
    """What leads from the complaint to ``sentence``."""


@dataclass(frozen=True, slots=True)
class ReportLink(_Text):
    """One link: its name, how it stands in a word, and one sentence."""

    link: Link
    status: Status
    name: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReportRow(_Text):
    """A name and what belongs to it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingText(_Text):
    """One finding in words. ``is_cause`` is true of the one that the verdict tells already."""

    id: str
    link: str
    status: Status
    word: str
    title: str
    advice: str
    who: str
    evidence: tuple[ReportRow, ...] = ()
    is_cause: bool = False


@dataclass(frozen=True, slots=True)
class ReportTable(_Text):
    """Rows for a technician. The first cell of a row names it; ``columns`` may be empty."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()
    kind: str = ""
    """``tried``: method, result, time, place. Otherwise the columns are alike."""

    @property
    def width(self) -> int:
        """Cells in a row."""
        return len(self.rows[0]) if self.rows else len(self.columns)


@dataclass(frozen=True, slots=True)
class Words(_Text):
    """What stands on every report, so that a report is in one language whatever comes later."""

    chain: str
    chain_lead: str
    advice: str
    proof: str
    also: str
    message: str
    technician: str
    technician_lead: str
    evidence: str
    nothing_secret: str
    page: str
    """With the placeholders ``{page}`` and ``{pages}``."""

    @classmethod
    def current(cls) -> "Words":
        """The words in the current language."""
        return cls(
            chain=_("The chain of your mail"),
            chain_lead=_("Mail works when these four links hold, one after the other."),
            advice=_("What to do now"),
            proof=_("What was proven"),
            also=_("Also worth a look"),
            message=_("A message ready to send"),
            technician=_("For the technician"),
            technician_lead=_("What was found and measured, word for word."),
            evidence=_("Evidence"),
            nothing_secret=_("This report holds no password and no message content."),
            page=_("Page {page} of {pages}"),
        )


@dataclass(frozen=True, slots=True)
class ReportContent(_Text):
    """A whole report. The same content is always written as the same text and the same HTML."""

    language: str
    title: str
    address: str
    when: datetime
    """Aware."""
    when_text: str
    program: str
    """Name and version of this program."""
    verdict: Headline
    chain: tuple[ReportLink, ...]
    words: Words
    findings: tuple[FindingText, ...] = ()
    proof: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the person should know besides: what a server wants shown, what was left behind."""
    message: tuple[str, ...] = ()
    """Ready to be sent to whoever has to act, line by line, all in it that they will ask for."""
    message_to: str = ""
    """To whom, as a line."""
    tables: tuple[ReportTable, ...] = ()
    """The technician's, in order; evidence of findings not among them."""

    @property
    def others(self) -> tuple[FindingText, ...]:
        """What is not as it should be besides the cause."""
        return tuple(f for f in self.findings if not f.is_cause and f.status is not Status.OK)
