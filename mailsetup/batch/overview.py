"""The overview of a whole table: ``report.json``, ``report.csv`` and ``report.html``.

They are written from the journal row by row, so that memory does not grow with the table. The
journal contains no secrets, so neither do they.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final, TextIO

from mailsetup import __version__, i18n, resources
from mailsetup.batch.journal import Entry, RunJournal
from mailsetup.batch.result import PersonState, Totals, state_word
from mailsetup.batch.table_check import BatchPlan, Person
from mailsetup.files import atomic
from mailsetup.formats.html_page import html_head
from mailsetup.i18n import _
from mailsetup.i18n.locale_data import locale_data
from mailsetup.model.settings_json import SCHEMA, Json
from mailsetup.model.text import plain

NAMES = ("report.json", "report.csv", "report.html")


@dataclass(frozen=True, slots=True)
class Overview:
    """Where the reports are, and how many people are in which state."""

    paths: tuple[Path, ...]
    totals: Totals
    confirm: tuple[str, ...]
    """Domains that the user has to agree to before the people there can be set up."""


@dataclass(frozen=True, slots=True)
class OverviewFailure:
    """Why there is none; ``reason`` is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Line:
    """One person in the reports."""

    person: Person
    state: PersonState
    entry: Entry

    def text(self, key: str) -> str:
        value = self.entry.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        value = self.entry.get(key)
        return [str(one) for one in value] if isinstance(value, list) else []

    def document(self) -> dict[str, Json]:
        entry = self.entry
        return {
            "row": self.person.row,
            "address": str(self.person.address),
            "name": self.person.name,
            "language": self.person.language,
            "programs": [*self.person.programs],
            "outcome": str(self.state),
            "reason": self.text("reason"),
            "source": entry.get("source"),
            "confirm": entry.get("confirm") or [],
            "incoming": entry.get("incoming"),
            "outgoing": entry.get("outgoing"),
            "first_broken": entry.get("first_broken"),
            "findings": entry.get("findings") or [],
            "files": entry.get("files") or [],
            "notes": entry.get("notes") or [],
        }


def write_overview(
    plan: BatchPlan,
    out: Path,
    journal: RunJournal,
    fingerprint: Callable[[Person], str],
    now: datetime,
) -> Overview | OverviewFailure:
    """Write the three reports, each completely or not at all, readable by their owner only."""

    def lines() -> Iterator[_Line]:
        for person in plan.people:
            yield _line(person, journal, fingerprint(person))

    try:
        totals, confirm = Totals(), dict[str, None]()
        for line in lines():
            totals.add((line.state,))
            if line.state is PersonState.NEEDS_CONFIRMATION:
                confirm.update(dict.fromkeys(line.texts("confirm")))
        overview = Overview(tuple(out / name for name in NAMES), totals, tuple(confirm))
        head = _head(plan, overview, now)
        writers: tuple[Callable[[TextIO], None], ...] = (
            lambda file: write_json(head, lines(), file),
            lambda file: _write_csv(lines(), file),
            lambda file: _write_html(plan, overview, lines, now, file),
        )
        out.mkdir(parents=True, exist_ok=True)
        atomic.remove_leftovers(out)
        for path, write in zip(overview.paths, writers, strict=True):
            with atomic.replacing(path, 0o600) as file:
                write(file)
    except OSError as error:
        return OverviewFailure(atomic.reason(error, out))
    return overview


def _line(person: Person, journal: RunJournal, fingerprint: str) -> _Line:
    entry = journal.person(person.address.ascii)
    if entry is None or entry.get("fingerprint") != fingerprint:
        return _Line(person, PersonState.OPEN, {})
    try:
        state = PersonState(str(entry.get("outcome")))
    except ValueError:
        return _Line(person, PersonState.OPEN, {})
    return _Line(person, state, entry)


# JSON -------------------------------------------------------------------------------------------


def _head(plan: BatchPlan, overview: Overview, now: datetime) -> dict[str, Json]:
    return {
        "schema": SCHEMA,
        "outcome": "finished" if not overview.totals[PersonState.OPEN] else "unfinished",
        "when": now.isoformat(timespec="seconds"),
        "program": f"mailsetup {__version__}",
        "totals": overview.totals.to_json(),
        "confirm": [*overview.confirm],
        "skipped": [{"row": one.row, "reason": one.reason} for one in plan.problems],
    }


def write_json(head: dict[str, Json], lines: Iterator[_Line], file: TextIO) -> None:
    """One document with one line for each person."""
    text = json.dumps(head, ensure_ascii=False, indent=1)
    file.write(text.removesuffix("\n}") + ',\n "people": [')
    separator = "\n  "
    for line in lines:
        file.write(separator + json.dumps(line.document(), ensure_ascii=False))
        separator = ",\n  "
    file.write("\n ]\n}\n")


# CSV --------------------------------------------------------------------------------------------


def _write_csv(lines: Iterator[_Line], file: TextIO) -> None:
    # Excel reads UTF-8 with a byte order mark only.
    file.write("\ufeff")
    writer = csv.writer(file, delimiter=locale_data().csv_delimiter)
    writer.writerow(
        [
            _("row"),
            _("address"),
            _("name"),
            _("outcome"),
            _("what is wrong"),
            _("what to do"),
            _("incoming server"),
            _("outgoing server"),
            _("programs"),
            _("folder"),
        ]
    )
    for line in lines:
        cells = (
            str(line.person.row),
            str(line.person.address),
            line.person.name,
            state_word(line.state),
            line.text("reason"),
            _advice(line),
            _server(line.entry.get("incoming")),
            _server(line.entry.get("outgoing")),
            ", ".join(line.person.programs),
            line.text("folder"),
        )
        writer.writerow([harmless(cell) for cell in cells])


# Also the full-width forms, which some spreadsheets treat alike.
_FORMULA = frozenset("=+-@|%＝＋－＠")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet evaluates as a formula (CWE-1236)."""
    text = plain(cell, 1000)
    return f"'{text}" if text[:1] in _FORMULA else text


def _advice(line: _Line) -> str:
    broken = line.entry.get("first_broken")
    findings = line.entry.get("findings")
    for one in findings if isinstance(findings, list) else []:
        if not isinstance(one, dict) or one.get("status") != "fail":
            continue
        if str(one.get("id")).startswith(f"{broken}."):
            return str(one.get("advice") or "")
    return ""


def _server(server: Json) -> str:
    if not isinstance(server, dict):
        return ""
    return f"{server.get('host')}:{server.get('port')} {server.get('security')}"


# HTML -------------------------------------------------------------------------------------------

_ORDER = (
    PersonState.BROKEN,
    PersonState.NOT_WRITTEN,
    PersonState.NO_SETTINGS,
    PersonState.NEEDS_CONFIRMATION,
    PersonState.NOT_TESTED,
    PersonState.OPEN,
    PersonState.WORKS,
    PersonState.READY,
)
_GOOD = frozenset({PersonState.WORKS, PersonState.READY})
_COLOURS: Final[Mapping[PersonState, str]] = {
    PersonState.BROKEN: "fail",
    PersonState.NOT_WRITTEN: "fail",
    PersonState.NO_SETTINGS: "warn",
    PersonState.NEEDS_CONFIRMATION: "warn",
    PersonState.NOT_TESTED: "warn",
    PersonState.OPEN: "unknown",
    PersonState.WORKS: "ok",
    PersonState.READY: "ok",
}


def _write_html(
    plan: BatchPlan,
    overview: Overview,
    lines: Callable[[], Iterator[_Line]],
    now: datetime,
    file: TextIO,
) -> None:
    style = resources.read_text("batch", "overview.css")
    title = _("Mailboxes: {count}").format(count=len(plan.people))
    present = [state for state in _ORDER if overview.totals[state]]
    tiles = "".join(
        f'<li class="{_COLOURS[state]}"><b>{overview.totals[state]}</b> '
        f"{escape(state_word(state))}</li>"
        for state in present
    )
    file.write(
        f"{html_head(i18n.language(), title, style)}<header><h1>{escape(title)}</h1>"
        f'<p><time datetime="{escape(now.isoformat(timespec="seconds"))}">'
        f"{escape(now.strftime('%Y-%m-%d %H:%M'))}</time></p></header>\n"
        f'<ul class="totals">{tiles}</ul>\n'
    )
    _write_skipped(plan, file)
    for state in present:
        rows = (line for line in lines() if line.state is state)
        _write_group(state, overview.totals[state], rows, file)
    last = escape(_("This report holds no password and no message content."))
    file.write(
        f"<footer><p>{last}</p>"
        f"<p>mailsetup {escape(__version__)}</p></footer>\n</main>\n</body>\n</html>\n"
    )


def _write_skipped(plan: BatchPlan, file: TextIO) -> None:
    if not plan.problems:
        return
    title = escape(_("Rows left out: {count}").format(count=len(plan.problems)))
    file.write(f"<details open><summary>{title}</summary><table><tbody>\n")
    for one in plan.problems:
        file.write(f"<tr><td>{one.row}</td><td><bdi>{escape(one.reason)}</bdi></td></tr>\n")
    file.write("</tbody></table></details>\n")


def _write_group(state: PersonState, count: int, lines: Iterator[_Line], file: TextIO) -> None:
    title = f"{state_word(state).capitalize()}: {count}"
    is_open = "" if state in _GOOD else " open"
    heads = "".join(
        f'<th scope="col">{escape(name)}</th>'
        for name in (_("Row"), _("Mailbox"), _("What was found"), _("Files"))
    )
    file.write(
        f'<details class="{_COLOURS[state]}"{is_open}><summary>{escape(title)}</summary>\n'
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n"
    )
    for line in lines:
        file.write(_html_row(line))
    file.write("</tbody></table></details>\n")


def _html_row(line: _Line) -> str:
    cell = io.StringIO()
    if line.text("reason"):
        cell.write(f"<p><b>{escape(line.text('reason'))}</b></p>")
    advice = _advice(line)
    if advice:
        cell.write(f"<p>{escape(advice)}</p>")
    for note in line.texts("notes"):
        cell.write(f"<p>{escape(note)}</p>")
    servers = [_server(line.entry.get(side)) for side in ("incoming", "outgoing")]
    shown = " · ".join(filter(None, servers))
    if shown:
        cell.write(f'<p class="servers">{escape(shown)}</p>')
    folder = line.text("folder")
    link = f'<a href="people/{escape(folder)}/welcome.html">{escape(folder)}</a>' if folder else ""
    name = f"<p>{escape(line.person.name)}</p>" if line.person.name else ""
    return (
        f'<tr><td>{line.person.row}</td><td class="who"><bdi>{name}'
        f"<p>{escape(str(line.person.address))}</p></bdi></td>"
        f"<td><bdi>{cell.getvalue()}</bdi></td><td>{link}</td></tr>\n"
    )
