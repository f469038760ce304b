"""Name and address: all that anybody has to know."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from mailsetup.assistant.flow import Move, Page
from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.gui.page import PageView, Request
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Field, LinkButton, Notice, PlainLabel, clear
from mailsetup.gui.widgets.flow_layout import FlowLayout
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, AddressFault, EmailAddress
from mailsetup.model.text import has_control, plain

if TYPE_CHECKING:
    from mailsetup.demo.accounts import DemoAccount

_MAX_NAME = 200
_MAX_ADDRESS = 1000
"""Characters: an address with a name and whatever else was pasted around it."""
_TOLD_AT_ONCE = (
    AddressFault.SEVERAL_ADDRESSES,
    AddressFault.CONTROL_CHARACTER,
    AddressFault.TOO_LONG,
)
"""What typing on would not mend."""


class StartPage(PageView):
    """The first page."""

    page = Page.START

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lead = PlainLabel(role="muted")
        self.person = Field()
        self.person.edit.setMaxLength(_MAX_NAME)
        self.address = Field()
        self.address.edit.setMaxLength(_MAX_ADDRESS)
        self.address.changed.connect(self._typed)
        self.address.edit.textEdited.connect(self._edit)
        self.address.edit.editingFinished.connect(self._tidy)
        self.address.edit.installEventFilter(self)
        for field in (self.person, self.address):
            # Told after the text has changed, which would take the fault away again.
            field.edit.inputRejected.connect(
                lambda field=field: QTimer.singleShot(0, lambda: self._say_too_long(field))
            )
        self.remember = WrappingCheckBox()
        self.remember.toggled.connect(self._allow)
        self._known = QWidget()
        self._known_row = FlowLayout(self._known)
        self._known_row.apart = Space.LARGE
        self._known_title = PlainLabel(role="muted", size=Type.SMALL)
        self.forget = LinkButton()
        self.forget.clicked.connect(self._forget)
        self._known_head = QWidget()
        head = QHBoxLayout(self._known_head)
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self._known_title)
        head.addWidget(self.forget)
        head.addStretch(1)
        self.known: dict[str, LinkButton] = {}
        self._before = ""
        self._by_hand = False
        self.person.changed.connect(lambda _text: self.changed.emit())
        self.person.edit.editingFinished.connect(self._move_address)
        self._form = PlainLabel(role="muted", size=Type.SMALL)
        self._form.hide()
        self.manual = LinkButton()
        self.manual.clicked.connect(self._enter_by_hand)
        for widget in (
            self._lead,
            self.person,
            self.address,
            self._form,
            self.remember,
            self._known_head,
            self._known,
            self.manual,
        ):
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
        self._show_known()
        if session.demo != self._demo_shown:
            self._demo_shown = session.demo
            self._fill_demo()
        self._demo.setVisible(bool(session.demo))
        for label, story in self._stories:
            label.setText(_(story))

    def _show_known(self) -> None:
        memory = self.session.memory
        kept = memory.addresses() if memory.is_there else ()
        self.remember.setVisible(memory.is_there and not self.session.demo)
        self.remember.setChecked(memory.may_keep_addresses)
        if tuple(self.known) != kept:
            for button in self.known.values():
                self._known_row.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.known = {address: LinkButton(address.replace("&", "&&")) for address in kept}
            for address, button in self.known.items():
                button.setAccessibleName(address)
                button.clicked.connect(lambda _checked=False, chosen=address: self._take(chosen))
            for button in self.known.values():
                self._known_row.addWidget(button)
                button.show()
        shown = bool(kept) and not self.session.demo
        self._known_head.setVisible(shown)
        self._known.setVisible(shown)

    def _take(self, address: str) -> None:
        self.address.edit.setText(address)
        self.address.edit.setFocus()

    def _allow(self, allowed: bool) -> None:
        if allowed != self.session.memory.may_keep_addresses:
            self.session.memory.allow_addresses(allowed)
            self._show_known()

    def _edit(self) -> None:
        self._by_hand = True

    def _judge_pasted(self, text: str) -> None:
        """More than a letter at once was pasted: clean it, or say what is wrong, at once."""
        if _put_in(self._before, text) <= 1 and not has_control(text):
            return
        parsed = EmailAddress.parse(text)
        if isinstance(parsed, EmailAddress):
            self._take_name(text)
            self._tidy()
        elif parsed.fault in _TOLD_AT_ONCE:
            self.address.set_fault(address_fault_sentence(parsed.fault))

    def _take_name(self, text: str) -> None:
        """``Name <a@b>`` brings the name along, where none was typed."""
        name = text.partition("<")[0].strip(' "') if "<" in text else ""
        if name and "@" not in name and not self.person.text.strip():
            self.person.edit.setText(plain(name, _MAX_NAME))

    def _move_address(self) -> None:
        """An address that was typed where the name goes is put where it belongs."""
        parsed = EmailAddress.parse(self.person.text)
        if isinstance(parsed, EmailAddress) and not self.address.text.strip():
            self.address.edit.setText(str(parsed))
            whole = self.person.text
            self.person.edit.clear()
            self._take_name(whole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Whoever leaves the address with the Tab key is told at once what is wrong with it.

        Not with the mouse: what it is about to press would move away beneath it.
        """
        if watched is self.address.edit and isinstance(event, QFocusEvent):
            by_key = event.reason() in (
                Qt.FocusReason.TabFocusReason,
                Qt.FocusReason.BacktabFocusReason,
            )
            if event.lostFocus() and by_key and self.address.text.strip():
                parsed = EmailAddress.parse(self.address.text)
                if isinstance(parsed, AddressFailure):
                    self.address.set_fault(address_fault_sentence(parsed.fault))
        return super().eventFilter(watched, event)

    def _tidy(self) -> None:
        """Show an address as it will be used, without what was pasted around it."""
        parsed = EmailAddress.parse(self.address.text)
        if isinstance(parsed, EmailAddress) and str(parsed) != self.address.text:
            self.address.edit.setText(str(parsed))

    def _say_too_long(self, field: Field) -> None:
        """What was pasted does not fit: the field holds its beginning only."""
        field.set_fault(
            address_fault_sentence(AddressFault.TOO_LONG)
            if field is self.address
            else _("That is too long for a name; the end was left out.")
        )

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
            self.leave()
            self.session.take_password(account.password)
            self.address.edit.setFocus()

    def enter(self) -> None:
        """Show what was typed before."""
        self._show()
        self.person.edit.setText(self.session.person or self._proposed_name())
        self.address.edit.setText(self.session.address_text)
        self.address.set_fault("")
        self._typed(self.session.address_text)
        if not self.session.person:
            self.person.edit.selectAll()

    def _proposed_name(self) -> str:
        """This computer's user, until somebody typed anything; not for the demo's people."""
        fresh = not self.session.demo and not self.session.address_text
        return self.session.own_name if fresh else ""

    def leave(self) -> bool:
        """Check the address; say under the field what is wrong with it."""
        self.keep_typed()
        parsed = EmailAddress.parse(self.address.text)
        if isinstance(parsed, AddressFailure):
            self.address.set_fault(address_fault_sentence(parsed.fault))
            self.address.edit.setFocus()
            return False
        self.session.take_address(parsed)
        self.session.problem = ""
        if not self.session.demo:
            self.session.memory.keep_address(parsed)
        self.session.address_text = str(parsed)
        return True

    def keep_typed(self) -> None:
        """The name; the address is kept while it is typed."""
        text = self.person.text
        self.session.person = "".join(" " if has_control(char) else char for char in text).strip()

    def _forget(self) -> None:
        self.keep_typed()
        self.wanted.emit(Request.FORGET_ADDRESSES)

    def _typed(self, text: str) -> None:
        self.session.address_text = text
        self.address.set_fault("")
        parsed = EmailAddress.parse(text)
        # An international domain has two forms, and look-alike letters show in the other one.
        both = isinstance(parsed, EmailAddress) and parsed.is_international
        if both and isinstance(parsed, EmailAddress):
            self._form.setText(_("Servers write this as {form}").format(form=parsed.ascii))
        self._form.setVisible(both)
        by_hand, self._by_hand = self._by_hand, False
        if by_hand:
            self._judge_pasted(text)
        # Cleaning may have changed it meanwhile.
        self._before = self.address.text
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
        """The name comes first, unless it is there already; a proposed one is to be looked at."""
        return self.address.edit if self.session.person else self.person.edit

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
        self.remember.setText(_("&Remember my addresses on this computer (never passwords)"))
        self._known_title.setText(_("Used before:"))
        self.forget.setText(_("&Forget them"))
        self._demo_title.setText(_("Addresses to try"))
        self.without_expert.setText(_("Do without them"))
        self._show()
        if not self.address.fault.isHidden():
            parsed = EmailAddress.parse(self.address.text)
            if isinstance(parsed, AddressFailure):
                self.address.set_fault(address_fault_sentence(parsed.fault))


def _put_in(before: str, after: str) -> int:
    """How many characters came in between what stayed at the beginning and at the end."""
    begin = _alike(before, after)
    return len(after) - begin - _alike(before[begin:][::-1], after[begin:][::-1])


def _alike(one: str, other: str) -> int:
    """How many characters are the same from the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
