"""Looking for the servers: what is asked, and what came back."""

from mailsetup.assistant.events import Event, SettingsFound, SourceAnswered, SourceAsked
from mailsetup.assistant.flow import Move, Page
from mailsetup.assistant.wording import source_asked_sentence, source_sentence
from mailsetup.gui.chain import ChainView, Light
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Type
from mailsetup.gui.widgets import LinkButton, PlainLabel
from mailsetup.i18n import _
from mailsetup.model.finding import Link
from mailsetup.model.outcome import Fate
from mailsetup.model.source import Source

_SIGNS = {
    Fate.FOUND: "✔",
    Fate.ABSENT: "–",
    Fate.UNREACHABLE: "–",
    Fate.NEEDS_INPUT: "?",
    Fate.CRASHED: "!",
    Fate.CANCELLED: "–",
}


class LookingPage(PageView):
    """The chain lights up while the sources answer."""

    page = Page.LOOKING

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.chain = ChainView()
        self._news = PlainLabel(bold=True)
        self._lines = PlainLabel(role="muted", size=Type.SMALL)
        self.manual = LinkButton()
        self.manual.clicked.connect(lambda: self.moved.emit(Move.MANUAL))
        for widget in (self.chain, self._news, self._lines, self.manual):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self._asked: dict[str, str] = {}
        self._fates: dict[str, Fate] = {}
        self._best: Source | None = None
        self.retranslate()

    def enter(self) -> None:
        """Begin with an unlit chain."""
        self._asked.clear()
        self._fates.clear()
        self._best = None
        self.chain.reset()
        self.chain.set_light(Link.DNS, Light.WORKING)
        self._tell()

    def take(self, event: Event) -> None:
        """Something happened in the engine."""
        match event:
            case SourceAsked(method=method, location=location):
                self._asked[method] = location
            case SourceAnswered(tried=tried):
                self._fates[tried.method] = tried.fate
                if tried.method in ("srv", "mx") and tried.fate is Fate.FOUND:
                    self.chain.set_light(Link.DNS, Light.OK)
            case SettingsFound(source=source):
                self._best = source
                self.chain.set_light(Link.HOSTING, Light.WORKING)
            case _:
                return
        self._tell()

    def _tell(self) -> None:
        address = self.session.address
        domain = address.display_domain if address else ""
        if self._best is not None:
            self._news.setText(source_sentence(self._best))
        else:
            self._news.setText(_("Looking where {domain} keeps its mail …").format(domain=domain))
        lines = [
            f"{_SIGNS[self._fates[method]] if method in self._fates else '…'}  "
            f"{source_asked_sentence(method, location)}"
            for method, location in self._asked.items()
        ]
        self._lines.setText("\n".join(dict.fromkeys(lines)))

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Finding your mail servers"))
        self.manual.setText(_("Enter them by hand instead"))
        self.chain.retranslate()
        self._tell()
