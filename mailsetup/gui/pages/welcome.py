"""Two ways to begin: set an account up, or say what does not work."""

from mailsetup.assistant.flow import Move, Page
from mailsetup.gui.choice import ChoiceCard
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.widgets import PlainLabel
from mailsetup.i18n import _


class WelcomePage(PageView):
    """The first thing that anybody sees."""

    page = Page.WELCOME

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lead = PlainLabel(role="muted")
        self.set_up = ChoiceCard("set-up")
        self.set_up.clicked.connect(self._begin)
        self.trouble = ChoiceCard("trouble")
        self.trouble.clicked.connect(lambda: self.moved.emit(Move.TROUBLE))
        for widget in (self._lead, self.set_up, self.trouble):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.retranslate()

    def _begin(self) -> None:
        self.session.symptom = None
        self.moved.emit(Move.NEXT)

    def first_focus(self) -> ChoiceCard:
        """What most people came for."""
        return self.set_up

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("What do you need?"))
        self._lead.setText(
            _("This program looks at your mail from end to end and says in plain words what it is.")
        )
        self.set_up.set_texts(
            _("Set up my mail"), _("From your address and your password to mail that works.")
        )
        self.trouble.set_texts(
            _("Something does not work"),
            _("Find out what is broken, who has to mend it, and what to ask them."),
        )
