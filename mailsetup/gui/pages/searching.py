"""Looking for the servers: what is asked, and what came back."""

from PySide6.QtWidgets import QWidget

from mailsetup.assistant.events import Event, SettingsFound, SourceAnswered, SourceAsked
from mailsetup.assistant.flow import Move, Page
from mailsetup.assistant.texts.search import source_asked_sentence, source_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Type
from mailsetup.gui.widgets.basic import LinkButton, PlainLabel, announce
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.widgets.password_entry import PasswordEntry
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.i18n import _
from mailsetup.model.finding import Link
from mailsetup.model.source import Method, Source
from mailsetup.model.source_result import SourceStatus

_LIGHTS = {
    SourceStatus.FOUND: StatusLight.OK,
    SourceStatus.ABSENT: StatusLight.UNKNOWN,
    SourceStatus.UNREACHABLE: StatusLight.UNKNOWN,
    SourceStatus.NEEDS_INPUT: StatusLight.WARN,
    SourceStatus.CRASHED: StatusLight.WARN,
    SourceStatus.CANCELLED: StatusLight.UNKNOWN,
}

_WEIGHT = (
    StatusLight.UNKNOWN,
    StatusLight.FAIL,
    StatusLight.WARN,
    StatusLight.WORKING,
    StatusLight.OK,
)
"""Of two lights on one line, the later one is shown."""


class SearchingPage(PageView):
    """The chain lights up while the sources answer."""

    page = Page.LOOKING

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.chain = ChainView()
        self._news = PlainLabel(bold=True)
        self.steps = StepList()
        self.manual = LinkButton()
        self.manual.clicked.connect(lambda: self.moved.emit(Move.MANUAL))
        self.entry = PasswordEntry()
        self.entry.edited.connect(self._edited)
        self.entry.changed.connect(self.changed)
        self._meanwhile = PlainLabel(role="muted", size=Type.SMALL)
        self._edited_here = False
        self._waits = False
        self.result: Move | None = None
        for widget in (
            self.chain,
            self._news,
            self.entry,
            self._meanwhile,
            self.steps,
        ):
            self.column.addWidget(widget)
        # At the foot of the page, where the growing list does not push it about.
        self.column.addStretch(1)
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
        self.result, self._waits, self._edited_here = None, False, False
        self.entry.set_text(self.session.password)
        self.chain.reset()
        self.chain.set_light(Link.DNS, StatusLight.WORKING)
        self._tell()

    def _edited(self) -> None:
        self._edited_here = True

    def arrived(self, move: Move) -> bool:
        """The search is over. False while the person is still typing: the page waits for them."""
        self.result = move
        goes_on = self._waits or not (self._edited_here and self.entry.text)
        if not goes_on:
            self._tell()
            announce(self, self._news.text())
            self.changed.emit()
        return goes_on

    def leave(self) -> bool:
        """Take the password; without a result yet, go on as soon as there is one."""
        if not self.entry.check():
            return False
        self.session.take_password(self.entry.text)
        self.session.password_early = True
        self._waits = self.result is None
        self._tell()
        self.changed.emit()
        return self.result is not None

    def keep_typed(self) -> None:
        """The password, as far as it was typed."""
        if self._edited_here:
            self.session.take_password(self.entry.text)

    def is_ready(self) -> bool:
        """The password is there, and nobody waits yet."""
        return bool(self.entry.text) and not self._waits

    def primary_text(self) -> str:
        """Only who typed a password has something to go on with."""
        return _("Continue") if self._edited_here and self.entry.text else ""

    def first_focus(self) -> QWidget:
        """The password, for whoever has it at hand."""
        return self.entry.edit

    def take(self, event: Event) -> None:
        """Something happened in the engine."""
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
        self._tell()

    def _tell(self) -> None:
        address = self.session.address
        domain = address.display_domain if address else ""
        if self.result is not None:
            found = self.result is Move.FOUND
            self._news.setText(
                _("Found. Finish your password and go on.")
                if found
                else _("The search is over: nothing was found. Go on by hand.")
            )
        elif self._best is not None:
            self._news.setText(source_sentence(self._best))
        else:
            self._news.setText(_("Looking where {domain} keeps its mail …").format(domain=domain))
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
        self._meanwhile.setText(
            _("It stays in this window until you have seen where your mail is kept.")
        )
        self.chain.retranslate()
        self._tell()
