"""The choice of the program to set up: one click each."""

import itertools
from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from mailsetup.apply.targets import TARGETS, Automation, Target
from mailsetup.assistant.flow import Move
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import Foldable, PlainLabel, without_margins
from mailsetup.gui.widgets.choice_card import ChoiceCard
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.text import plain

_WITH_PROFILES: Final = next(
    target for target in TARGETS if target.load_profile_applier is not None
)
"""The program whose profiles are offered."""


class ProgramPage(PageView):
    """A card for each program, installed ones first."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self._problem = PlainLabel(role="fault")
        self.profile = QComboBox()
        self.profile.activated.connect(self._choose_place)
        self.store = WrappingCheckBox()
        self.store.toggled.connect(self._choose_store)
        self._where = QWidget()
        where = QVBoxLayout(self._where)
        where.setContentsMargins(Space.HUGE, 0, 0, Space.TINY)
        where.setSpacing(Space.TINY)
        where.addWidget(self.profile)
        where.addWidget(self.store)
        self._here_title, self._other_title = PlainLabel(bold=True), PlainLabel(bold=True)
        self.choices: dict[str, ChoiceCard] = {}
        self._hosts: dict[str, QWidget] = {}
        self._here, self._usual, self._rest = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for layout in (self._here, self._usual, self._rest):
            layout.setSpacing(Space.SMALL)
        self.more = Foldable()
        self.more.set_layout(self._rest)
        self.column.addWidget(self._lead)
        self.column.addWidget(self._problem)
        self.column.addWidget(self._here_title)
        self.column.addLayout(self._here)
        self.column.addWidget(self._other_title)
        self.column.addLayout(self._usual)
        self.column.addWidget(self.more)
        for target in TARGETS:
            host = QWidget(self)
            column = without_margins(QVBoxLayout(host), Space.TINY)
            card = ChoiceCard(target.icon, small=True)
            card.clicked.connect(lambda _checked=False, chosen=target.id: self._choose(chosen))
            column.addWidget(card)
            if target.load_profile_applier is not None:
                column.addWidget(self._where)
            self.choices[target.id] = card
            self._hosts[target.id] = host
        self.column.addStretch(1)
        services.programs.installed_known.connect(self.retranslate)
        services.programs.set_up_ended.connect(self._set_up_ended)
        self._set_texts()

    def enter(self) -> None:
        """Show the programs and the last problem."""
        self._show()

    def start_jobs(self) -> None:
        """Ask which programs are installed."""
        self.services.programs.ask_installed()

    def _choose(self, program: str) -> None:
        self.services.programs.set_up(program, applies=self.applies(program))
        self._show()

    def _set_up_ended(self) -> None:
        self._show()
        if not self.state.setup.problem:
            self.moved.emit(Move.NEXT)
        elif self.isVisible():
            self.show_again()

    def _is_here(self, target: Target) -> bool:
        return target.load_applier is not None and bool(
            self.state.computer.installed.get(target.id)
        )

    def applies(self, program: str) -> bool:
        """Whether the account can be put into the installed program."""
        return self._is_here(next(target for target in TARGETS if target.id == program))

    def _arrange(self) -> None:
        """Installed programs first, then usual ones; the others are folded."""
        here = [one.id for one in TARGETS if self.state.computer.installed.get(one.id)]
        usual = [one.id for one in TARGETS if one.is_usual and one.id not in here]
        rest = [one.id for one in TARGETS if one.id not in (*here, *usual)]
        for ids, layout in ((here, self._here), (usual, self._usual), (rest, self._rest)):
            for place, program in enumerate(ids):
                layout.insertWidget(place, self._hosts[program])
        self._here_title.setVisible(bool(here))
        self._other_title.setVisible(bool(here))
        if self.state.program.program in rest:
            self.more.button.setChecked(True)
        order: list[QWidget] = []
        for program in (*here, *usual):
            order.append(self.choices[program])
            if program == _WITH_PROFILES.id:
                order += [self.profile, self.store]
        order += [self.more.button, *(self.choices[program] for program in rest)]
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)

    def _choose_place(self, index: int) -> None:
        place = str(self.profile.itemData(index) or "")
        self.state.program = replace(self.state.program, place=place)
        self.state.setup = replace(self.state.setup, problem="")

    def _choose_store(self, wanted: bool) -> None:
        self.state.program = replace(self.state.program, store_password=wanted)

    def _show_places(self) -> None:
        """The profiles for the account, where there is a choice."""
        state = self.state
        self._where.setVisible(bool(state.computer.installed.get(_WITH_PROFILES.id)))
        if state.program.place is None and state.computer.places:
            place = str(state.computer.places[0].folder)
            state.program = replace(state.program, place=place)
        self.profile.clear()
        for one in state.computer.places:
            usual = _("{name} (the one that opens by itself)") if one.is_default else "{name}"
            name = usual.format(name=plain(one.name, 60))
            self.profile.addItem(_("Into the profile {name}").format(name=name), str(one.folder))
        self.profile.addItem(_("Into a new profile of its own"), "")
        self.profile.setCurrentIndex(max(self.profile.findData(state.program.place or ""), 0))
        self.profile.setVisible(bool(state.computer.places))
        title = _(_WITH_PROFILES.title)
        self.profile.setAccessibleName(_("Profile of {program}").format(program=title))
        self.store.setText(_("Let {program} keep the password, too").format(program=title))
        self.store.setChecked(state.program.store_password)
        # After a sign-in in the browser there is no password; the program signs in by itself.
        self.store.setVisible(not state.sign_in.in_use)

    def _show(self) -> None:
        self._arrange()
        self._show_places()
        for target in TARGETS:
            if target.id == self.services.programs.in_progress:
                text = _("One moment, it is being made …")
            elif self._is_here(target):
                text = _("Installed here. One click, and your account is in it.")
            elif target.load_applier is not None:
                text = _("Not found on this computer. You get a file that it can import.")
            elif target.qr_code is not None:
                text = _("You get a code that the phone's camera reads.")
            elif target.automation is Automation.IMPORT:
                text = _("You get files and a guide with pictures.")
            else:
                text = _("You get a guide with the values to copy, step by step.")
            self.choices[target.id].set_texts(_(target.title), text)
        self._problem.show_text(self.state.setup.problem)
        self.changed.emit()

    def first_focus(self) -> QWidget:
        """The program chosen before, or the likeliest."""
        return self.choices[self.state.program.program]

    def announcement(self) -> str:
        """A problem, if there is one, otherwise the title."""
        return self.state.setup.problem or self.title.text()

    def retranslate(self) -> None:
        """Texts in the current language."""
        self._set_texts()
        self._show()

    def _set_texts(self) -> None:
        self.title.setText(_("Which program do you use?"))
        self._here_title.setText(_("On this computer"))
        self._other_title.setText(_("On other devices, or to be set up by hand"))
        self.more.set_texts(_("Show more programs"), _("Hide the other programs"))
        self._lead.setText(
            _("Your password is not written into any file of ours; the program asks once.")
        )
