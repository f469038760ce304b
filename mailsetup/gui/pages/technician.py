"""For those who look after other people's mail: other ways to begin, and options of a run."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mailsetup.assistant.flow import Move, Page
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.technician_options import (
    TechnicianField,
    TechnicianOptionFailure,
    TechnicianOptions,
    run_options,
)
from mailsetup.gui.page import PageView, Request
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Field, LinkButton, PlainLabel, action_button
from mailsetup.gui.widgets.choice_card import ChoiceCard
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import N_, _
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class TechnicianTask:
    """One card on the page. ``leads`` is a move of the flow, or something for the window to do."""

    drawing: str
    title: str
    text: str
    leads: Move | Request


WAYS = (
    TechnicianTask(
        "people",
        N_("Many people at once …"),
        N_("From a table to files and a welcome sheet for each of them."),
        Move.FLEET,
    ),
    TechnicianTask(
        "file",
        N_("Use a settings file …"),
        N_("The JSON that “mailsetup discover --json” writes. Nothing is looked for then."),
        Request.OPEN_SETTINGS_FILE,
    ),
)
"""The cards, in order. One more is one row here, and its move in the flow's table."""


class TechnicianPage(PageView):
    """The command line's options, for whoever prefers a window."""

    page = Page.TECHNICIAN

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lead = PlainLabel(role="muted")
        self.column.addWidget(self._lead)
        self.ways: dict[Move | Request, ChoiceCard] = {}
        for way in WAYS:
            card = ChoiceCard(way.drawing, small=True)
            card.clicked.connect(lambda _checked=False, leads=way.leads: self._go(leads))
            self.ways[way.leads] = card
            self.column.addWidget(card)
        self._file = PlainLabel(role="ok")
        self.without_file = LinkButton()
        self.without_file.clicked.connect(self._drop_file)
        self._heading = PlainLabel(size=Type.LARGE, bold=True)
        self.resolver, self.trust, self.seconds, self.ca_file = Field(), Field(), Field(), Field()
        self.client_id = Field()
        self.browse = action_button()
        self.ca_file.add_beside(self.browse)
        self.browse.clicked.connect(lambda: self.wanted.emit(Request.CHOOSE_CA_FILE))
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
        ticks = QWidget()
        column = QVBoxLayout(ticks)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.offline)
        column.addWidget(self.plain_http)
        for widget in (
            self._file,
            self.without_file,
            self._heading,
            self._side_by_side(self.resolver, self.seconds, 2),
            self.trust,
            self._side_by_side(self.ca_file, self.client_id, 1),
            ticks,
        ):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.retranslate()

    @staticmethod
    def _side_by_side(first: Field, second: Field, share: int) -> QWidget:
        """``share`` is how many times as wide the first is."""
        host = QWidget()
        row = QHBoxLayout(host)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.MEDIUM)
        row.addWidget(first, share, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(second, 1, Qt.AlignmentFlag.AlignBottom)
        return host

    def _go(self, leads: Move | Request) -> None:
        if isinstance(leads, Move):
            # The options below hold for whatever way is taken.
            if self.leave():
                self.moved.emit(leads)
        else:
            self.wanted.emit(leads)

    def _drop_file(self) -> None:
        self.session.settings_file = None
        self.retranslate()

    def _typed(self) -> None:
        for field in self._fields.values():
            field.set_fault("")
        self.changed.emit()

    def enter(self) -> None:
        """Show what was set before."""
        expert = self.session.expert or TechnicianOptions()
        self.resolver.edit.setText(expert.resolver)
        self.ca_file.edit.setText(expert.ca_file)
        self.trust.edit.setText(expert.trust)
        self.seconds.edit.setText(expert.seconds)
        self.client_id.edit.setText(expert.client_id)
        self.offline.setChecked(expert.offline)
        self.plain_http.setChecked(expert.plain_http)
        self.retranslate()

    def leave(self) -> bool:
        """Take the options, or say at the field what is wrong."""
        expert = TechnicianOptions(
            self.resolver.text,
            self.ca_file.text,
            self.trust.text,
            self.seconds.text,
            self.offline.isChecked(),
            self.plain_http.isChecked(),
            self.client_id.text,
        )
        read = run_options(expert, RunOptions())
        if isinstance(read, TechnicianOptionFailure):
            field = self._fields[read.field]
            field.set_fault(read.sentence)
            field.edit.setFocus()
            return False
        self.session.expert = None if expert.is_plain else expert
        self.session.forget_sign_in()
        self.session.symptom = None
        return True

    def primary_text(self) -> str:
        """On to the address, with these options."""
        return _("Continue")

    def first_focus(self) -> QWidget:
        """The first card."""
        return next(iter(self.ways.values()))

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("For technicians"))
        self._lead.setText(
            _("What is set here holds until the window is closed, for every address.")
        )
        for way in WAYS:
            self.ways[way.leads].set_texts(_(way.title), _(way.text))
        file = self.session.settings_file
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
