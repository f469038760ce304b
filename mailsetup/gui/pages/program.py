"""Which program to set up."""

import itertools

from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from mailsetup.assistant.flow import Page
from mailsetup.export.exporter import Automation
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type, scaled
from mailsetup.gui.tick import Tick
from mailsetup.gui.widgets import Foldable, PlainLabel
from mailsetup.i18n import _
from mailsetup.model.text import plain

_USUAL = ("thunderbird", "outlook", "gmail", "apple-mail", "thunderbird-android", "other")


class ProgramPage(PageView):
    """One choice a program, what is installed first."""

    page = Page.PROGRAM

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        from mailsetup.export.table import EXPORTERS

        self._exporters = EXPORTERS
        self._lead = PlainLabel(role="muted")
        self._problem = PlainLabel(role="fault")
        self.profile = QComboBox()
        self.profile.activated.connect(self._choose_place)
        self.store = Tick()
        self.store.toggled.connect(self._choose_store)
        self._where = QWidget()
        where = QVBoxLayout(self._where)
        where.setContentsMargins(Space.HUGE, 0, 0, 0)
        where.setSpacing(Space.SMALL)
        where.addWidget(self.profile)
        where.addWidget(self.store)
        self._group = QButtonGroup(self)
        self.choices: dict[str, QRadioButton] = {}
        self._notes: dict[str, PlainLabel] = {}
        self._hosts: dict[str, QWidget] = {}
        self._usual = QVBoxLayout()
        self._usual.setSpacing(Space.MEDIUM)
        self.more = Foldable()
        self._rest = QVBoxLayout()
        self._rest.setSpacing(Space.MEDIUM)
        self.more.take(self._rest)
        self.column.addWidget(self._lead)
        self.column.addLayout(self._usual)
        self.column.addWidget(self.more)
        for exporter in EXPORTERS:
            host = QWidget()
            column = QVBoxLayout(host)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(Space.TINY)
            choice = QRadioButton()
            choice.setFont(scaled(choice.font(), Type.LARGE, bold=True))
            choice.toggled.connect(
                lambda on, chosen=exporter.id: self._choose(chosen) if on else None
            )
            note = PlainLabel(role="muted")
            note.setContentsMargins(Space.HUGE, 0, 0, 0)
            column.addWidget(choice)
            column.addWidget(note)
            if exporter.id == "thunderbird":
                column.addWidget(self._where)
            self._group.addButton(choice)
            self.choices[exporter.id] = choice
            self._notes[exporter.id] = note
            self._hosts[exporter.id] = host
        self.column.addWidget(self._problem)
        self.column.addStretch(1)
        self.retranslate()

    def enter(self) -> None:
        """Show the choice made before."""
        self.choices[self.session.program].setChecked(True)
        self._show()

    def _choose(self, program: str) -> None:
        self.session.program = program
        self.session.problem = ""
        self._show()

    def applies(self) -> bool:
        """Whether the chosen program is set up by us, here and now."""
        chosen = next(e for e in self._exporters if e.id == self.session.program)
        return chosen.automation is Automation.APPLY and bool(
            self.session.installed.get(self.session.program)
        )

    def _arrange(self) -> None:
        """What is installed here first, then what people usually have; the others are folded."""
        here = [one.id for one in self._exporters if self.session.installed.get(one.id)]
        usual = list(dict.fromkeys((*here, *_USUAL)))
        rest = [one.id for one in self._exporters if one.id not in usual]
        for ids, layout in ((usual, self._usual), (rest, self._rest)):
            for place, program in enumerate(ids):
                layout.insertWidget(place, self._hosts[program])
        if self.session.program in rest:
            self.more.button.setChecked(True)
        order = [self.choices[program] for program in usual]
        for first, second in itertools.pairwise(
            (*order, self.more.button, *(self.choices[program] for program in rest))
        ):
            QWidget.setTabOrder(first, second)

    def _choose_place(self, index: int) -> None:
        self.session.place = str(self.profile.itemData(index) or "")
        self.session.problem = ""
        self._show()

    def _choose_store(self, wanted: bool) -> None:
        self.session.store_in_program = wanted

    def _show_places(self) -> None:
        """Where in Thunderbird, once it is chosen and has profiles."""
        session = self.session
        here = session.program == "thunderbird" and self.applies()
        self._where.setVisible(here)
        if session.place is None and session.places:
            session.place = str(session.places[0].folder)
        self.profile.clear()
        for place in session.places:
            usual = _("{name} (the one that opens by itself)") if place.is_default else "{name}"
            name = usual.format(name=plain(place.name, 60))
            self.profile.addItem(_("Into the profile {name}").format(name=name), str(place.folder))
        self.profile.addItem(_("Into a new profile of its own"), "")
        self.profile.setCurrentIndex(max(self.profile.findData(session.place or ""), 0))
        self.profile.setVisible(bool(session.places))
        self.profile.setAccessibleName(_("Profile of Thunderbird"))
        self.store.setText(_("Let Thunderbird keep the password, too"))
        self.store.setChecked(session.store_in_program)

    def _show(self) -> None:
        self._arrange()
        self._show_places()
        for exporter in self._exporters:
            installed = self.session.installed.get(exporter.id)
            if exporter.automation is Automation.APPLY and installed:
                text = _("Installed here. One click, and your account is in it.")
            elif exporter.automation is Automation.APPLY:
                text = _("Not found on this computer. You get a file that it can import.")
            elif exporter.automation is Automation.IMPORT:
                text = _("You get files and a guide with pictures.")
            else:
                text = _("You get a guide with the values to copy, step by step.")
            self.choices[exporter.id].setText(_(exporter.title))
            self._notes[exporter.id].setText(text)
            self.choices[exporter.id].setAccessibleDescription(text)
        self._problem.setText(self.session.problem)
        self._problem.setVisible(bool(self.session.problem))
        self.changed.emit()

    def primary_text(self) -> str:
        """Do it."""
        return _("Set it up now") if self.applies() else _("Show me how")

    def first_focus(self) -> QWidget:
        """The chosen program."""
        return self.choices[self.session.program]

    def announcement(self) -> str:
        """A problem, if there is one, otherwise the title."""
        return self.session.problem or self.title.text()

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Which program do you use?"))
        self.more.set_texts(_("Show more programs"), _("Hide the other programs"))
        self._lead.setText(
            _("Your password is not written into any file of ours; the program asks once.")
        )
        self._show()
