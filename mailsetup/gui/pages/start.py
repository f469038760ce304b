"""Name and address: all that anybody has to know."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QWidget

from mailsetup.assistant.flow import Move, Page
from mailsetup.assistant.wording import address_fault_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets import Field, LinkButton, Notice, PlainLabel, clear
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress, MalformedAddress
from mailsetup.model.text import has_control, plain

if TYPE_CHECKING:
    from mailsetup.demo.accounts import DemoAccount

_MAX_NAME = 200


class StartPage(PageView):
    """The first page."""

    page = Page.START

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lead = PlainLabel(role="muted")
        self.person = Field()
        self.person.edit.setMaxLength(_MAX_NAME)
        self.address = Field()
        self.address.edit.setMaxLength(4096)
        self.address.changed.connect(self._typed)
        self.person.changed.connect(lambda _text: self.changed.emit())
        self._form = PlainLabel(role="muted", size=Type.SMALL)
        self._form.hide()
        self.manual = LinkButton()
        self.manual.clicked.connect(self._enter_by_hand)
        for widget in (self._lead, self.person, self.address, self._form, self.manual):
            self.column.addWidget(widget)
        self._expert = Notice()
        self._expert_text = PlainLabel(size=Type.SMALL)
        self.without_expert = LinkButton()
        self.without_expert.clicked.connect(self._drop_expert)
        self._expert.add(self._expert_text)
        self._expert.add(self.without_expert)
        self._problem = PlainLabel(role="fault")
        self.column.addWidget(self._problem)
        self.column.addWidget(self._expert)
        self._demo = Notice()
        self._demo_title = PlainLabel(bold=True)
        self._demo.add(self._demo_title)
        self._stories: list[tuple[PlainLabel, str]] = []
        self._grid = QWidget()
        QGridLayout(self._grid)
        self._demo.add(self._grid)
        self._demo_shown: tuple[DemoAccount, ...] = ()
        self.column.addWidget(self._demo)
        self.column.addStretch(1)
        self.retranslate()

    def _drop_expert(self) -> None:
        self.session.expert = self.session.settings_file = None
        self._show()

    def _show(self) -> None:
        session = self.session
        words = []
        if session.settings_file is not None:
            path = plain(str(session.settings_file), 300)
            words.append(_("Settings come from: {path}").format(path=path))
        if session.expert is not None:
            words.append(_("A technician's options are in use."))
        self._expert_text.setText("\n".join(words))
        self._expert.setVisible(bool(words))
        self._problem.setText(session.problem)
        self._problem.setVisible(bool(session.problem))
        if session.demo != self._demo_shown:
            self._demo_shown = session.demo
            self._fill_demo()
        self._demo.setVisible(bool(session.demo))
        for label, story in self._stories:
            label.setText(_(story))

    def _fill_demo(self) -> None:
        clear(self._grid)
        self._stories.clear()
        grid = self._grid.layout()
        if not isinstance(grid, QGridLayout):
            return
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.MEDIUM)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        for row, account in enumerate(self.session.demo):
            choose = LinkButton(account.address)
            choose.clicked.connect(lambda _checked=False, chosen=account: self._choose(chosen))
            story = PlainLabel(role="muted", size=Type.SMALL)
            self._stories.append((story, account.story))
            grid.addWidget(choose, row, 0)
            grid.addWidget(story, row, 1)

    def _choose(self, account: object) -> None:
        from mailsetup.demo.accounts import DemoAccount

        if isinstance(account, DemoAccount):
            self.person.edit.setText(account.person)
            self.address.edit.setText(account.address)
            self.session.password = account.password
            self.address.edit.setFocus()

    def enter(self) -> None:
        """Show what was typed before."""
        self._show()
        self.person.edit.setText(self.session.person)
        self.address.edit.setText(self.session.address_text)
        self.address.set_fault("")
        self._typed(self.session.address_text)

    def leave(self) -> bool:
        """Check the address; say under the field what is wrong with it."""
        self.session.person = self._clean_name()
        parsed = EmailAddress.parse(self.address.text)
        if isinstance(parsed, MalformedAddress):
            self.address.set_fault(address_fault_sentence(parsed.fault))
            self.address.edit.setFocus()
            return False
        if parsed != self.session.address:
            self.session.forget_findings()
        self.session.problem = ""
        self.session.address = parsed
        self.session.address_text = str(parsed)
        return True

    def _clean_name(self) -> str:
        text = self.person.text
        return "".join(" " if has_control(char) else char for char in text).strip()

    def _typed(self, text: str) -> None:
        self.session.address_text = text if len(text) < 4096 else ""
        self.address.set_fault("")
        parsed = EmailAddress.parse(text)
        # An international domain has two forms, and look-alike letters show in the other one.
        both = isinstance(parsed, EmailAddress) and parsed.is_international
        if both and isinstance(parsed, EmailAddress):
            self._form.setText(_("Servers write this as {form}").format(form=parsed.ascii))
        self._form.setVisible(both)
        self.changed.emit()

    def _enter_by_hand(self) -> None:
        if self.leave():
            self.moved.emit(Move.MANUAL)

    def is_ready(self) -> bool:
        """Something was typed; whether it is an address is said after pressing."""
        return bool(self.address.text.strip())

    def primary_text(self) -> str:
        """Begin."""
        return _("Find my mail")

    def first_focus(self) -> QWidget:
        """The name comes first, unless it is there already."""
        return self.address.edit if self.person.text else self.person.edit

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Let's get your mail working"))
        self._lead.setText(
            _("Type your e-mail address. This program finds the rest and tries it out for real.")
        )
        self.person.set_label(_("Your &name"))
        self.person.edit.setPlaceholderText(_("As others should see it"))
        self.address.set_label(_("Your &e-mail address"))
        self.address.edit.setPlaceholderText(_("name@company.com"))
        self.manual.setText(_("I know my servers: enter them by hand"))
        self._demo_title.setText(_("Addresses to try"))
        self.without_expert.setText(_("Do without them"))
        self._show()
        if not self.address.fault.isHidden():
            self.leave()
