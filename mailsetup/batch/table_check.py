"""Checks every row of a table before the run begins."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from mailsetup.apply.targets import TARGETS, target_of_kind
from mailsetup.assistant.settings_file import (
    SettingsFileFailure,
    SharedSettings,
    read_shared_settings,
    unusable_sentence,
)
from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.batch.columns import Column, language_id, program_id
from mailsetup.batch.password_commands import TableCommand, table_command_fault
from mailsetup.batch.table import PeopleTable, TableRow
from mailsetup.batch.workbook import CellKind
from mailsetup.batch.workbook_child import MAX_CELL
from mailsetup.export.validation import MAX_PERSON, is_unsafe
from mailsetup.i18n import _
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.address import AddressFailure, EmailAddress
from mailsetup.model.program_kind import ProgramKind
from mailsetup.model.secret import Secret
from mailsetup.model.settings_json import SettingsFailure
from mailsetup.model.text import has_control, plain

MAX_PASSWORD = 4096
"""Characters."""
DEFAULT_PROGRAMS = (target_of_kind(ProgramKind.OTHER).id,)


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values for rows that have none of their own. ``folder`` contains the table."""

    language: str
    programs: tuple[str, ...] = DEFAULT_PROGRAMS
    settings: Path | None = None
    password_command: str = ""
    folder: Path = Path()
    pipe_seconds: float = 0.0
    """For ``settings`` alone: see `read_given_file`."""


@dataclass(frozen=True, slots=True)
class Person:
    """One checked row. What may be secret is not in its ``repr``."""

    row: int
    address: EmailAddress
    name: str
    language: str
    programs: tuple[str, ...]
    settings: SharedSettings | None = None
    password: Secret | None = field(default=None, repr=False)
    password_command: str = field(default="", repr=False)
    command_is_of_table: bool = False
    """Whether the command comes from the table, and not from the user."""

    def fingerprint(self, work: str) -> str:
        """Changes when something has to be done again. ``work`` describes what is done; the
        password is no part of it, because its hash would help to guess it.
        """
        values = (
            self.address.ascii,
            self.name,
            self.language,
            self.programs,
            self.settings.sha256 if self.settings else "",
            work,
        )
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class RowFailure:
    """Why a row cannot be used. ``reason`` is a sentence without secrets."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """The checked table: the people who can be set up, and why other rows are wrong."""

    people: tuple[Person, ...]
    problems: tuple[RowFailure, ...]

    @property
    def has_passwords(self) -> bool:
        """Whether the table contains passwords."""
        return any(person.password is not None for person in self.people)

    @property
    def commands(self) -> tuple[TableCommand, ...]:
        """The commands in the table, each once."""
        rows: dict[str, list[int]] = {}
        for person in self.people:
            if person.command_is_of_table:
                rows.setdefault(person.password_command, []).append(person.row)
        return tuple(TableCommand(line, tuple(found)) for line, found in rows.items())

    @property
    def settings_files(self) -> tuple[Path, ...]:
        """The settings files that are read, each once."""
        files = (person.settings.path for person in self.people if person.settings is not None)
        return tuple(dict.fromkeys(files))


def check_table(table: PeopleTable, defaults: Defaults) -> BatchPlan:
    """Check every row, without network access."""
    checker = _Checker(defaults)
    for row in table.rows:
        checker.add(row)
    return BatchPlan(tuple(checker.people), tuple(checker.problems))


class _WrongRowError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class _Checker:
    def __init__(self, defaults: Defaults) -> None:
        self._defaults = defaults
        self._seen: dict[str, int] = {}
        self._settings: dict[Path, SharedSettings | SettingsFileFailure] = {}
        self.people: list[Person] = []
        self.problems: list[RowFailure] = []

    def add(self, row: TableRow) -> None:
        try:
            person = self._person(row)
        except _WrongRowError as wrong:
            self.problems.append(RowFailure(row.number, wrong.reason))
            return
        # Many servers ignore case in the local part, and none has two mailboxes that differ in it.
        key = person.address.ascii.casefold()
        first = self._seen.setdefault(key, row.number)
        if first != row.number:
            message = _("{address} is in row {row} already.")
            reason = message.format(address=person.address, row=first)
            self.problems.append(RowFailure(row.number, reason))
            return
        self.people.append(person)

    def _person(self, row: TableRow) -> Person:
        cells = row.cells
        _require_readable(row)
        address = EmailAddress.parse(cells.get(Column.ADDRESS, ""))
        if isinstance(address, AddressFailure):
            reason = address_fault_sentence(address.fault)
            raise _WrongRowError(f"{address.text}: {reason}" if address.text else reason)
        if row.password_kind is not None:
            raise _WrongRowError(_password_kind_sentence(row.password_kind))
        password = cells.get(Column.PASSWORD, "")
        command = self._defaults.password_command
        of_table = "" if password.strip() else cells.get(Column.PASSWORD_COMMAND, "")
        if of_table:
            command = of_table
            fault = table_command_fault(of_table, address)
            if fault:
                raise _WrongRowError(fault)
        return Person(
            row=row.number,
            address=address,
            name=self._name(cells),
            language=self._language(cells.get(Column.LANGUAGE, "")),
            programs=self._programs(cells.get(Column.PROGRAM, "")),
            settings=self._settings_of(cells.get(Column.SETTINGS, ""), address),
            password=_password(password) if password.strip() else None,
            password_command="" if password.strip() else command,
            command_is_of_table=bool(of_table),
        )

    def _name(self, cells: dict[Column, str]) -> str:
        parts = (cells.get(Column.FIRST_NAME, ""), cells.get(Column.LAST_NAME, ""))
        typed = cells.get(Column.NAME, "") if Column.FIRST_NAME not in cells else ""
        if not typed:
            typed = " ".join(
                part for part in (parts[0] or cells.get(Column.NAME, ""), parts[1]) if part
            )
        elif parts[1]:
            typed = f"{typed} {parts[1]}"
        # A line break inside a cell is formatting, not part of a name.
        name = " ".join(typed.split())
        if len(name) > MAX_PERSON:
            raise _WrongRowError(
                _("The name is too long. Use at most {limit} characters.").format(limit=MAX_PERSON)
            )
        if is_unsafe(name.translate(_JOINERS)):
            raise _WrongRowError(
                _("The name holds characters that cannot be written. Type it again.")
            )
        return name

    def _language(self, cell: str) -> str:
        if not cell:
            return self._defaults.language
        found = language_id(cell)
        if found is None:
            raise _WrongRowError(
                _("The language “{word}” is not known. Known: {known}.").format(
                    word=plain(cell, 40), known=", ".join(LANGUAGES)
                )
            )
        return found

    def _programs(self, cell: str) -> tuple[str, ...]:
        words = [word.strip() for word in cell.replace(";", ",").replace("/", ",").split(",")]
        found = []
        for word in filter(None, words):
            program = program_id(word)
            if program is None:
                raise _WrongRowError(
                    _("There is no program “{program}” here. Known: {known}.").format(
                        program=plain(word, 40), known=", ".join(one.id for one in TARGETS)
                    )
                )
            found.append(program)
        return tuple(dict.fromkeys(found)) or self._defaults.programs

    def _settings_of(self, cell: str, address: EmailAddress) -> SharedSettings | None:
        path = self._within_folder(cell) if cell else self._defaults.settings
        if path is None:
            return None
        if path not in self._settings:
            seconds = 0.0 if cell else self._defaults.pipe_seconds
            self._settings[path] = read_shared_settings(path, pipe_seconds=seconds)
        found = self._settings[path]
        if isinstance(found, SettingsFileFailure):
            raise _WrongRowError(found.sentence)
        settings = found.settings_for(address)
        if isinstance(settings, SettingsFailure):
            raise _WrongRowError(unusable_sentence(settings))
        return found

    def _within_folder(self, cell: str) -> Path:
        """The settings file that a cell names. Tables are untrusted: only files in the table's
        folder or below are read, also through links, and none from another computer's share."""
        if has_control(cell):
            raise _WrongRowError(_("The name of the settings file cannot be read."))
        name = Path(cell)
        folder = self._defaults.folder
        # The text first: on Windows any access to a share sends a login there.
        is_inside = not (name.anchor or name.drive or ".." in name.parts or cell.startswith("~"))
        if is_inside:
            try:
                is_inside = (folder / name).resolve().is_relative_to(folder.resolve())
            except (OSError, RuntimeError, ValueError):
                # A circle of links.
                is_inside = False
        if not is_inside:
            raise _WrongRowError(
                _(
                    "“{name}” is not in the folder of the table. Put the settings file there."
                ).format(name=plain(cell, 80))
            )
        return folder / name


def _require_readable(row: TableRow) -> None:
    """Raises _WrongRowError where the row's cells cannot be trusted."""
    if row.swallowed:
        raise _WrongRowError(
            _(
                "A quotation mark that opens here is closed in row {last} only, so the rows"
                " between were read as one cell. Close it or remove it."
            ).format(last=row.swallowed)
        )
    for name, value in row.cells.items():
        if len(value) > MAX_CELL:
            raise _WrongRowError(_("The cell “{name}” is far too long.").format(name=name))
    if row.has_surplus:
        raise _WrongRowError(
            _(
                "This row has more cells than there are headings, so a value may have been cut"
                " in two. Put a value that holds the delimiter in quotation marks."
            )
        )
    if any("\ufffd" in value for value in row.cells.values()):
        raise _WrongRowError(_("Some characters here could not be read. Save the table as UTF-8."))


# Zero-width joiners carry meaning in Persian and Indic names and in emoji.
_JOINERS: Final[Mapping[int, None]] = dict.fromkeys((0x200C, 0x200D))


def _password_kind_sentence(kind: CellKind) -> str:
    match kind:
        case CellKind.NUMBER:
            taken = _("The spreadsheet took the password for a number and may have changed it.")
        case CellKind.DATE:
            taken = _("The spreadsheet took the password for a date and has changed it.")
        case CellKind.TRUTH:
            taken = _("The spreadsheet took the password for true or false.")
        case CellKind.ERROR:
            taken = _("The spreadsheet shows an error in place of the password.")
        case _:
            assert_never(kind)
    return f"{taken} {_('Format the cell as text and type the password again.')}"


def _password(cell: str) -> Secret:
    # A line break at the end is the cell's.
    value = cell.rstrip("\r\n")
    if len(value) > MAX_PASSWORD or has_control(value):
        raise _WrongRowError(_("The password is too long or holds control characters."))
    return Secret(value)


def checked_programs(words: Sequence[str]) -> tuple[str, ...] | str:
    """The programs of ``--for``, each once; or the first word that names none."""
    found = []
    for word in words:
        program = program_id(word)
        if program is None:
            return word
        found.append(program)
    return tuple(dict.fromkeys(found)) or DEFAULT_PROGRAMS
