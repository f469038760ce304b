"""A table of many people: dropped here, checked, and what each person gets."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mailsetup.apply.targets import TARGETS
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.batch_commands import CommandsQuestion
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Field, PlainLabel, action_button, without_margins
from mailsetup.gui.widgets.choice_card import ChoiceCard
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _, ngettext
from mailsetup.model.text import plain

_SHOWN = 6
"""Wrong rows that are shown; the rest is counted."""

_OFFERED = tuple(target.id for target in TARGETS if target.is_usual)
"""Programs of the check boxes; a row of the table may name any."""


class BatchTablePage(PageView):
    """Drop a table, see it checked, choose, start."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.setAcceptDrops(True)
        self._lead = PlainLabel(role="muted")
        self.choose = ChoiceCard("file")
        self.choose.clicked.connect(self._choose_table)
        self.summary = PlainLabel(role="ok", bold=True)
        self.faults = PlainLabel(role="fault")
        self.skip_bad = WrappingCheckBox()
        self.options = self._make_options()
        self.add_to_column(
            self._lead, self.choose, self.summary, self.faults, self.skip_bad, self.options
        )
        for box in (self.skip_bad, self.check, self.pdf, *self.programs.values()):
            box.toggled.connect(lambda _checked: self._store())
        self._entering = False
        services.batch.table_read.connect(self.show_again)
        self.retranslate()

    def _make_options(self) -> QWidget:
        """What each person gets."""
        options = QWidget()
        column = without_margins(QVBoxLayout(options), Space.SMALL)
        self._heading = PlainLabel(size=Type.LARGE, bold=True)
        self._heading_lead = PlainLabel(role="muted")
        self.programs = {program: WrappingCheckBox() for program in _OFFERED}
        grid = QWidget()
        cells = QGridLayout(grid)
        cells.setContentsMargins(0, 0, 0, 0)
        cells.setHorizontalSpacing(Space.MEDIUM)
        cells.setVerticalSpacing(0)
        for index, box in enumerate(self.programs.values()):
            cells.addWidget(box, index // 2, index % 2, Qt.AlignmentFlag.AlignTop)
        for side in (0, 1):
            cells.setColumnStretch(side, 1)
        self.check, self.pdf = WrappingCheckBox(), WrappingCheckBox()
        self.question = CommandsQuestion(self.services.batch)
        self.question.answered.connect(self.changed.emit)
        self.out = Field()
        self.out.edit.setReadOnly(True)
        self.browse = action_button(on_click=self._choose_folder)
        self.out.add_button(self.browse)
        for widget in (
            self._heading,
            self._heading_lead,
            grid,
            self.check,
            self.question,
            self.pdf,
            self.out,
        ):
            column.addWidget(widget)
        return options

    def enter(self) -> None:
        """Show what is known of the table."""
        state = self.services.batch.state
        self._entering = True
        self.skip_bad.setChecked(state.skip_bad)
        self.check.setChecked(state.check)
        self.pdf.setChecked(state.pdf)
        for program, box in self.programs.items():
            box.setChecked(program in state.programs)
        self.out.edit.setText(str(state.out or ""))
        self._entering = False
        self.question.show_commands()
        self._show()

    def _store(self) -> None:
        if self._entering:
            return
        batch = self.services.batch
        batch.state = replace(
            batch.state,
            skip_bad=self.skip_bad.isChecked(),
            check=self.check.isChecked(),
            pdf=self.pdf.isChecked(),
            programs=tuple(id for id, box in self.programs.items() if box.isChecked()),
        )
        self.question.show_commands()
        self.changed.emit()

    # Dropping -------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One file may be dropped."""
        if len(event.mimeData().urls()) == 1 and event.mimeData().urls()[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A table was dropped: read it."""
        event.acceptProposedAction()
        self._read(Path(event.mimeData().urls()[0].toLocalFile()))

    # Choosing -------------------------------------------------------------------------------

    def _choose_table(self) -> None:
        name = self.services.dialogs.file(self.window(), _("Which table?"))
        if name:
            self._read(Path(name))

    def _read(self, table: Path) -> None:
        self.services.batch.choose(table)
        self.services.batch.read_table()
        self.show_again()

    def _choose_folder(self) -> None:
        name = self.services.dialogs.folder(self.window())
        if name:
            self.services.batch.state = replace(self.services.batch.state, out=Path(name))
            self.show_again()

    # Showing --------------------------------------------------------------------------------

    def _show(self) -> None:
        state = self.services.batch.state
        plan = state.plan
        name = plain(state.table.name, 80) if state.table is not None else ""
        title = _("Another table …") if name else _("Drop a table here, or choose one …")
        self.choose.set_texts(title, _("CSV or Excel, one row a person."))
        lines = []
        if state.reading:
            lines.append(_("Reading {name} …").format(name=name))
        elif plan is not None:
            domains = len({person.address.domain for person in plan.people})
            lines.append(
                _("{name}: {people} people, {domains} domains").format(
                    name=name, people=len(plan.people), domains=domains
                )
            )
        if state.ignored and plan is not None:
            names = ", ".join(f"“{one}”" for one in state.ignored[:6])
            lines.append(_("Columns that are not used: {names}.").format(names=names))
        if state.settings and plan is not None:
            names = ", ".join(plain(one.name, 60) for one in state.settings[:6])
            lines.append(_("Settings files that are read: {names}").format(names=names))
        self.summary.show_text("\n".join(lines))
        faults = [state.problem] if state.problem else []
        if plan is not None and plan.problems:
            count = len(plan.problems)
            faults.append(
                ngettext("{count} row is wrong:", "{count} rows are wrong:", count).format(
                    count=count
                )
            )
            faults += [
                _("Row {row}: {reason}").format(row=one.row, reason=plain(one.reason, 160))
                for one in plan.problems[:_SHOWN]
            ]
            if count > _SHOWN:
                faults.append(_("… and {count} more.").format(count=count - _SHOWN))
        self.faults.show_text("\n".join(faults))
        self.skip_bad.setVisible(bool(plan and plan.problems and plan.people))
        self.options.setVisible(bool(plan and plan.people))
        self.changed.emit()

    def primary_text(self) -> str:
        """Start, or continue an earlier run."""
        state = self.services.batch.state
        if state.plan is None or not state.plan.people:
            return ""
        return _("Go on where it was") if state.is_begun else _("Start")

    def is_ready(self) -> bool:
        """Once every row is right, or the wrong ones are left out."""
        return self.services.batch.state.is_ready

    def first_focus(self) -> QWidget | None:
        """The table, until there is one."""
        return None if self.services.batch.state.is_ready else self.choose

    def announcement(self) -> str:
        """What is known of the table."""
        return " ".join(filter(None, (self.title.text(), self.summary.text(), self.faults.text())))

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Many people at once"))
        self._lead.setText(
            _(
                "The first row names the columns: name, address, and if you like password,"
                " settings, program, language. Nothing begins before every row was looked at."
            )
        )
        self.skip_bad.setText(_("&Leave out the rows that are wrong"))
        self._heading.setText(_("What each person gets"))
        self._heading_lead.setText(
            _("A welcome sheet, and the files for these programs where the row names none:")
        )
        titles = {known.id: known.title for known in TARGETS}
        for program, box in self.programs.items():
            box.setText(_(titles[program]).replace("&", "&&"))
        self.check.setText(_("&Test each mailbox: log in and send it a message"))
        self.pdf.setText(_("The welcome sheet as &PDF, too"))
        self.question.show_commands()
        self.out.set_label(_("&Folder for everything"))
        self.browse.setText(_("B&rowse …"))
        self._show()
