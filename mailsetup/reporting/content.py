"""The content of a report: text in one language, safe to be shown.

Every value is a `CleanText`: no renderer can let through what a server put into a text.
"""

from dataclasses import dataclass
from datetime import datetime

from mailsetup.i18n import _
from mailsetup.model.finding import Link, Status
from mailsetup.model.headline import Headline
from mailsetup.model.text import CleanText


@dataclass(frozen=True, slots=True)
class ReportLink(CleanText):
    """One link: its name, its status in a word, and a sentence."""

    link: Link
    status: Status
    name: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReportRow(CleanText):
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FindingText(CleanText):
    """One finding in words. ``is_cause`` marks the one that the headline is about."""

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
class ReportTable(CleanText):
    """Rows for technicians. The first cell of a row is its name; ``columns`` may be empty."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()
    kind: str = ""
    """``tried``: method, result, time, place. Otherwise all columns have the same meaning."""

    @property
    def width(self) -> int:
        """Cells in a row."""
        return len(self.rows[0]) if self.rows else len(self.columns)


@dataclass(frozen=True, slots=True)
class Words(CleanText):
    """The fixed texts of a report, so that the whole report is in one language."""

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
        """The texts in the current language."""
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
class ReportContent(CleanText):
    """A whole report. Equal contents are rendered to equal text and equal HTML."""

    language: str
    title: str
    address: str
    when: datetime
    """Aware."""
    when_text: str
    program: str
    """Name and version of this program."""
    headline: Headline
    chain: tuple[ReportLink, ...]
    words: Words
    findings: tuple[FindingText, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    """The technician's tables in order, without the evidence of findings."""

    @property
    def others(self) -> tuple[FindingText, ...]:
        """Faults other than the one that the headline is about."""
        return tuple(f for f in self.findings if not f.is_cause and f.status is not Status.OK)
