"""The search for the servers: what is asked, and what was found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QWidget

from mailsetup.assistant.events import Event
from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.search import source_asked_sentence, source_sentence
from mailsetup.assistant.wizard_state import SearchOutcome
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Type
from mailsetup.gui.widgets.basic import PlainLabel, announce
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.widgets.password_entry import PasswordEntry
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.i18n import _
from mailsetup.model.finding import Link
from mailsetup.model.search_events import SettingsFound, SourceAnswered, SourceAsked
from mailsetup.model.source import Method, Source
from mailsetup.model.source_result import SourceStatus

_LIGHTS: Final[Mapping[SourceStatus, StatusLight]] = {
    SourceStatus.FOUND: StatusLight.OK,
    SourceStatus.ABSENT: StatusLight.UNKNOWN,
    SourceStatus.UNREACHABLE: StatusLight.UNKNOWN,
    SourceStatus.NEEDS_INPUT: StatusLight.WARN,
    SourceStatus.CRASHED: StatusLight.WARN,
    SourceStatus.CANCELLED: StatusLight.UNKNOWN,
}

_WEIGHT: Final = (
    StatusLight.UNKNOWN,
    StatusLight.FAIL,
    StatusLight.WARN,
    StatusLight.WORKING,
    StatusLight.OK,
)
"""Of two lights on one line, the later one is shown."""


class SearchingPage(PageView):
    """The chain lights up while the sources answer."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.chain = ChainView()
        self._progress = PlainLabel(bold=True)
        self.steps = StepList()
        self.manual = self.move_link(Move.MANUAL)
        self.entry = PasswordEntry()
        self.entry.edited.connect(self._edited)
        self.entry.changed.connect(self.changed)
        self._early_note = PlainLabel(role="muted", size=Type.SMALL)
        self._edited_here = False
        self._waits = False
        """Whether the primary button was pressed before the search ended."""
        self.has_ended = False
        self.add_to_column(self.chain, self._progress, self.entry, self._early_note, self.steps)
        # At the bottom, where the growing list does not move it.
        self.column.addWidget(self.manual)
        self._asked: dict[Method, None] = {}
        self._statuses: dict[Method, SourceStatus] = {}
        self._best: Source | None = None
        self.retranslate()

    def enter(self) -> None:
        """Begin with an unlit chain."""
        self._asked.clear()
        self._statuses.clear()
        self._best = None
        self.has_ended = self._waits = self._edited_here = False
        self.entry.set_text(self.state.credentials.password)
        self.chain.reset()
        self.chain.set_light(Link.DNS, StatusLight.WORKING)
        self._update()

    def _edited(self) -> None:
        self._edited_here = True

    def start_jobs(self) -> None:
        """Search."""
        self.services.keyring.ask()
        self.services.search.run(self.on_event, self._ended)

    def _ended(self) -> None:
        """Go on, unless the user is still typing the password."""
        self.has_ended = True
        if self._waits or not (self._edited_here and self.entry.text):
            self.moved.emit(Move.ENDED)
            return
        self._update()
        announce(self, self._progress.text())
        self.changed.emit()

    def leave(self) -> bool:
        """Store the password; before the end of the search, wait for it."""
        if not self.entry.check():
            return False
        self.state.set_password(self.entry.text)
        self.state.credentials = replace(self.state.credentials, early=True, on_password_page=False)
        self._waits = not self.has_ended
        self._update()
        self.changed.emit()
        return self.has_ended

    def primary_move(self) -> Move:
        """The end of the search."""
        return Move.ENDED

    def store_typed(self) -> None:
        """The password, as far as it was typed."""
        if self._edited_here:
            self.state.set_password(self.entry.text)

    def is_ready(self) -> bool:
        """A password was typed, and the button was not pressed yet."""
        return bool(self.entry.text) and not self._waits

    def primary_text(self) -> str:
        """There is nothing to go on with before a password was typed."""
        return _("Continue") if self._edited_here and self.entry.text else ""

    def first_focus(self) -> QWidget:
        """The password."""
        return self.entry.edit

    def on_event(self, event: Event) -> None:
        """An event of the search."""
        match event:
            case SourceAsked(method=method):
                self._asked[method] = None
            case SourceAnswered(tried=tried):
                self._statuses[tried.method] = tried.status
                if tried.method in (Method.SRV, Method.MX) and tried.status is SourceStatus.FOUND:
                    self.chain.set_light(Link.DNS, StatusLight.OK)
            case SettingsFound(source=source):
                self._best = source
                self.chain.set_light(Link.HOSTING, StatusLight.WORKING)
                announce(self, source_sentence(source))
            case _:
                return
        self._update()

    def _update(self) -> None:
        address = self.state.owner.address
        domain = address.display_domain if address else ""
        if self.has_ended:
            found = self.state.search.outcome is SearchOutcome.FOUND
            self._progress.setText(
                _("Found. Finish your password and go on.")
                if found
                else _("The search is over: nothing was found. Go on by hand.")
            )
        elif self._best is not None:
            self._progress.setText(source_sentence(self._best))
        else:
            self._progress.setText(
                _("Looking where {domain} keeps its mail …").format(domain=domain)
            )
        # Several sources share a sentence; the best status among them is shown.
        lights: dict[str, StatusLight] = {}
        for method in self._asked:
            sentence = source_asked_sentence(method)
            light = (
                _LIGHTS[self._statuses[method]] if method in self._statuses else StatusLight.WORKING
            )
            known = lights.get(sentence, StatusLight.UNKNOWN)
            lights[sentence] = max(known, light, key=_WEIGHT.index)
        self.steps.show_steps([ProgressStep(sentence, light) for sentence, light in lights.items()])

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Finding your mail servers"))
        self.manual.setText(_("Enter them by hand instead"))
        self.entry.set_label(_("Your &password, if you want to type it meanwhile"))
        self.entry.retranslate()
        self._early_note.setText(
            _("It stays in this window until you have seen where your mail is kept.")
        )
        self.chain.retranslate()
        self._update()
