"""The first page: set an account up, or choose a complaint."""

from dataclasses import replace

from mailsetup.assistant.flow import Move
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import LinkButton, PlainLabel
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.widgets.choice_card import ChoiceCard
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.i18n import _


class WelcomePage(PageView):
    """The first page."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.set_up = ChoiceCard("set-up")
        self.set_up.clicked.connect(self._begin)
        self.trouble = ChoiceCard("trouble")
        self.trouble.clicked.connect(lambda: self.moved.emit(Move.TROUBLE))
        self._problem = PlainLabel(role="fault")
        self.technician = self.move_link(Move.TECHNICIAN)
        self.demo = LinkButton(on_click=self._open_or_leave_demo)
        self._quiet = wrapping_row(self.technician, self.demo, apart=Space.LARGE)
        self.chain = ChainView()
        self.add_to_column(self._lead, self.chain, self.set_up, self.trouble, self._problem)
        self.column.addWidget(self._quiet)
        self._opening = False
        self.retranslate()

    def enter(self) -> None:
        """No job of the page runs."""
        self._opening = False
        self._show()

    def _open_or_leave_demo(self) -> None:
        if self.state.demo.people:
            self.services.demo.leave()
            self.show_again()
            return
        self._opening = True
        self.services.demo.open()
        self._show()

    def _show(self) -> None:
        self._problem.show_text(self.state.demo.problem)
        self.demo.setEnabled(not self._opening)
        if self._opening:
            self.demo.setText(_("Opening the demo …"))
        elif self.state.demo.people:
            self.demo.setText(_("&Leave the demo"))
        else:
            self.demo.setText(_("Try it with a &demo account"))
        self.demo.setVisible(not self.state.demo.people or self.state.demo.can_be_left)

    def _begin(self) -> None:
        self.state.owner = replace(self.state.owner, symptom=None)
        self.moved.emit(Move.NEXT)

    def first_focus(self) -> ChoiceCard:
        """The commonest choice."""
        return self.set_up

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("What do you need?"))
        self.chain.retranslate()
        self._lead.setText(
            _(
                "Mail hangs on a chain of four links. This program looks at each of them and tells "
                "you in plain words what is wrong."
            )
        )
        self.set_up.set_texts(
            _("Set up my mail"), _("From your address and your password to mail that works.")
        )
        self.trouble.set_texts(
            _("Something does not work"),
            _("Find out what is broken, who has to mend it, and what to ask them."),
        )
        self.technician.setText(_("I am a &technician"))
        self._show()
