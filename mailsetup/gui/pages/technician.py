"""For technicians who set up other people's mail: other tasks, options of search and check."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mailsetup.assistant.flow import Move
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.technician_options import (
    TechnicianField,
    TechnicianOptionFailure,
    TechnicianOptions,
    run_options,
)
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import (
    Field,
    LinkButton,
    PlainLabel,
    action_button,
    without_margins,
)
from mailsetup.gui.widgets.choice_card import ChoiceCard
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import N_, _
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class TechnicianTask:
    """One card on the page."""

    icon: str
    title: str
    text: str


_TABLE: Final = TechnicianTask(
    "people",
    N_("Many people at once …"),
    N_("From a table to files and a welcome sheet for each of them."),
)
_FILE: Final = TechnicianTask(
    "file",
    N_("Use a settings file …"),
    N_("The JSON that “mailsetup discover --json” writes. Nothing is looked for then."),
)


class TechnicianPage(PageView):
    """The command line's options in the window."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.column.addWidget(self._lead)
        self.table = self._add_task(_TABLE, self._choose_table)
        self.settings_file = self._add_task(_FILE, self._choose_settings_file)
        self._file = PlainLabel(role="ok")
        self.without_file = LinkButton(on_click=lambda: self._use_settings_file(None))
        self._heading = PlainLabel(size=Type.LARGE, bold=True)
        self.resolver, self.trust, self.seconds, self.ca_file = Field(), Field(), Field(), Field()
        self.client_id = Field()
        self.browse = action_button()
        self.ca_file.add_button(self.browse)
        self.browse.clicked.connect(self._choose_ca_file)
        self.offline, self.plain_http = WrappingCheckBox(), WrappingCheckBox()
        self._fields = {
            TechnicianField.RESOLVER: self.resolver,
            TechnicianField.CA_FILE: self.ca_file,
            TechnicianField.TRUST: self.trust,
            TechnicianField.SECONDS: self.seconds,
            TechnicianField.CLIENT_ID: self.client_id,
        }
        for field in self._fields.values():
            field.edit.setMaxLength(1000)
            field.changed.connect(lambda _text: self._typed())
        self.add_to_column(
            self._file,
            self.without_file,
            self._heading,
            self._in_row(self.resolver, self.seconds, 2),
            self.trust,
            self._in_row(self.ca_file, self.client_id, 1),
            self._in_column(self.offline, self.plain_http),
        )
        self.retranslate()

    def _add_task(self, task: TechnicianTask, act: Callable[[], None]) -> ChoiceCard:
        card = ChoiceCard(task.icon, small=True)
        card.clicked.connect(act)
        self.column.addWidget(card)
        return card

    @staticmethod
    def _in_column(*widgets: QWidget) -> QWidget:
        host = QWidget()
        column = without_margins(QVBoxLayout(host), 0)
        for widget in widgets:
            column.addWidget(widget)
        return host

    @staticmethod
    def _in_row(first: Field, second: Field, share: int) -> QWidget:
        """The first is ``share`` times as wide as the second."""
        host = QWidget()
        row = without_margins(QHBoxLayout(host), Space.MEDIUM)
        row.addWidget(first, share, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(second, 1, Qt.AlignmentFlag.AlignBottom)
        return host

    def _choose_table(self) -> None:
        # The options are valid for tables, too.
        if self.leave():
            self.moved.emit(Move.BATCH)

    def _choose_settings_file(self) -> None:
        name = self.services.dialogs.file(self.window(), _("Which settings file?"))
        if name:
            self._use_settings_file(Path(name))

    def _use_settings_file(self, path: Path | None) -> None:
        self.state.technician = replace(self.state.technician, settings_file=path)
        self.retranslate()

    def _choose_ca_file(self) -> None:
        name = self.services.dialogs.file(self.window(), _("Which file holds the certificates?"))
        if name:
            self.ca_file.edit.setText(name)

    def _typed(self) -> None:
        for field in self._fields.values():
            field.set_fault("")
        self.changed.emit()

    def enter(self) -> None:
        """Show what was set before."""
        options = self.state.technician.options or TechnicianOptions()
        self.resolver.edit.setText(options.resolver)
        self.ca_file.edit.setText(options.ca_file)
        self.trust.edit.setText(options.trust)
        self.seconds.edit.setText(options.seconds)
        self.client_id.edit.setText(options.client_id)
        self.offline.setChecked(options.offline)
        self.plain_http.setChecked(options.plain_http)
        self.retranslate()

    def leave(self) -> bool:
        """Store the options, or show at the field what is wrong."""
        options = TechnicianOptions(
            self.resolver.text,
            self.ca_file.text,
            self.trust.text,
            self.seconds.text,
            self.offline.isChecked(),
            self.plain_http.isChecked(),
            self.client_id.text,
        )
        read = run_options(options, RunOptions())
        if isinstance(read, TechnicianOptionFailure):
            field = self._fields[read.field]
            field.set_fault(read.sentence)
            field.edit.setFocus()
            return False
        chosen = None if options.is_plain else options
        self.state.technician = replace(self.state.technician, options=chosen)
        self.state.forget_sign_in()
        self.state.owner = replace(self.state.owner, symptom=None)
        return True

    def primary_text(self) -> str:
        """On to the address, with these options."""
        return _("Continue")

    def first_focus(self) -> QWidget:
        """The first card."""
        return self.table

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("For technicians"))
        self._lead.setText(
            _("What is set here holds until the window is closed, for every address.")
        )
        for card, task in ((self.table, _TABLE), (self.settings_file, _FILE)):
            card.set_texts(_(task.title), _(task.text))
        file = self.state.technician.settings_file
        self._file.setText(
            _("Settings come from: {path}").format(path=plain(str(file), 300)) if file else ""
        )
        self._file.setVisible(file is not None)
        self.without_file.setText(_("Look for them again instead"))
        self.without_file.setVisible(file is not None)
        self._heading.setText(_("Options of the search and the test"))
        self.resolver.set_label(_("&Name server to ask"))
        self.resolver.edit.setPlaceholderText(_("the system's"))
        self.seconds.set_label(_("&Seconds for the search"))
        self.seconds.edit.setPlaceholderText(f"{RunOptions().budget:.0f}")
        self.trust.set_label(_("&Domains that may receive the password without asking"))
        self.trust.edit.setPlaceholderText(_("hoster.com, another.net"))
        self.ca_file.set_label(_("Further &certificates to trust (PEM)"))
        self.browse.setText(_("B&rowse …"))
        self.client_id.set_label(_("Id of this program at the &provider"))
        self.client_id.edit.setPlaceholderText(_("to sign in in the browser"))
        self.offline.setText(_("Use only what the program &knows by itself, ask nobody"))
        self.plain_http.setText(
            _("Also read settings that come &unprotected; every server in them is asked about")
        )
