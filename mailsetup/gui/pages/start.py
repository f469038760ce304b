"""Name and address."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.assistant.wizard_state import DemoPerson, TechnicianChoice
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import (
    Field,
    LinkButton,
    Notice,
    PlainLabel,
    clear,
    without_margins,
)
from mailsetup.gui.widgets.flow_layout import FlowLayout
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, AddressFault, EmailAddress
from mailsetup.model.text import has_control, plain

_MAX_NAME = 200
_MAX_ADDRESS = 1000
"""Characters: an address with a name and whatever else was pasted around it."""
_SHOWN_AT_ONCE: Final = (
    AddressFault.SEVERAL_ADDRESSES,
    AddressFault.CONTROL_CHARACTER,
    AddressFault.TOO_LONG,
)
"""Faults that typing on does not fix."""


class StartPage(PageView):
    """The two fields, and what was stored or set before."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self._make_fields()
        self.remember = WrappingCheckBox()
        self.remember.toggled.connect(self._allow)
        self._known = QWidget()
        self._known_row = FlowLayout(self._known)
        self._known_row.apart = Space.LARGE
        self._known_title = PlainLabel(role="muted", size=Type.SMALL)
        self.forget = LinkButton(on_click=self._forget)
        self._known_head = QWidget()
        head = without_margins(QHBoxLayout(self._known_head))
        head.addWidget(self._known_title)
        head.addWidget(self.forget)
        head.addStretch(1)
        self.known: dict[str, LinkButton] = {}
        self._before = ""
        self._is_edited = False
        self._form = PlainLabel(role="muted", size=Type.SMALL)
        self._form.hide()
        self.manual = LinkButton(on_click=self._enter_by_hand)
        self._options_text = PlainLabel(size=Type.SMALL)
        self.without_options = LinkButton(on_click=self._drop_options)
        self._options = Notice(self._options_text, self.without_options)
        self._problem = PlainLabel(role="fault")
        self._demo_title = PlainLabel(bold=True)
        self._stories: list[tuple[PlainLabel, str]] = []
        self._grid = QWidget()
        QGridLayout(self._grid)
        self._demo = Notice(self._demo_title, self._grid)
        self._demo_shown: tuple[DemoPerson, ...] = ()
        self.add_to_column(
            self._lead,
            self.person,
            self.address,
            self._form,
            self.remember,
            self._known_head,
            self._known,
            self.manual,
            self._problem,
            self._options,
            self._demo,
        )
        self.retranslate()

    def _make_fields(self) -> None:
        self.person, self.address = Field(), Field()
        self.person.edit.setMaxLength(_MAX_NAME)
        self.person.changed.connect(lambda _text: self.changed.emit())
        self.person.edit.editingFinished.connect(self._move_address)
        self.address.edit.setMaxLength(_MAX_ADDRESS)
        self.address.changed.connect(self._typed)
        self.address.edit.textEdited.connect(self._edit)
        self.address.edit.editingFinished.connect(self._tidy)
        self.address.edit.installEventFilter(self)
        for field in (self.person, self.address):
            # After the text has changed, which removes the fault.
            field.edit.inputRejected.connect(
                lambda field=field: QTimer.singleShot(0, lambda: self._show_too_long(field))
            )

    def _drop_options(self) -> None:
        self.state.technician = TechnicianChoice()
        self._show()

    def _show(self) -> None:
        state = self.state
        words = []
        if state.technician.settings_file is not None:
            path = plain(str(state.technician.settings_file), 300)
            words.append(_("Settings come from: {path}").format(path=path))
        if state.technician.options is not None:
            words.append(_("A technician's options are in use."))
        self._options_text.setText("\n".join(words))
        self._options.setVisible(bool(words))
        problem = state.demo.problem or state.search.problem
        self._problem.show_text(problem)
        self._show_known()
        if state.demo.people != self._demo_shown:
            self._demo_shown = state.demo.people
            self._fill_demo()
        self._demo.setVisible(bool(state.demo.people))
        for label, story in self._stories:
            label.setText(_(story))

    def _show_known(self) -> None:
        preferences = self.services.preferences
        stored = preferences.addresses() if preferences.is_stored else ()
        self.remember.setVisible(preferences.is_stored and not self.state.demo.people)
        self.remember.setChecked(preferences.may_store_addresses)
        if tuple(self.known) != stored:
            for button in self.known.values():
                self._known_row.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.known = {address: LinkButton(address.replace("&", "&&")) for address in stored}
            for address, button in self.known.items():
                button.setAccessibleName(address)
                button.clicked.connect(lambda _checked=False, chosen=address: self._use(chosen))
            for button in self.known.values():
                self._known_row.addWidget(button)
                button.show()
        shown = bool(stored) and not self.state.demo.people
        self._known_head.setVisible(shown)
        self._known.setVisible(shown)

    def _use(self, address: str) -> None:
        self.address.edit.setText(address)
        self.address.edit.setFocus()

    def _allow(self, allowed: bool) -> None:
        preferences = self.services.preferences
        if allowed != preferences.may_store_addresses:
            preferences.allow_addresses(allowed)
            self._show_known()

    def _edit(self) -> None:
        self._is_edited = True

    def _check_pasted(self, text: str) -> None:
        """More than one new letter was pasted: clean it, or show at once what is wrong."""
        if _inserted(self._before, text) <= 1 and not has_control(text):
            return
        parsed = EmailAddress.parse(text)
        if isinstance(parsed, EmailAddress):
            self._use_name(text)
            self._tidy()
        elif parsed.fault in _SHOWN_AT_ONCE:
            self.address.set_fault(address_fault_sentence(parsed.fault))

    def _use_name(self, text: str) -> None:
        """The name of ``Name <a@b>`` is used where none was typed."""
        name = text.partition("<")[0].strip(' "') if "<" in text else ""
        if name and "@" not in name and not self.person.text.strip():
            self.person.edit.setText(plain(name, _MAX_NAME))

    def _move_address(self) -> None:
        """An address that was typed as the name is moved to its own field."""
        parsed = EmailAddress.parse(self.person.text)
        if isinstance(parsed, EmailAddress) and not self.address.text.strip():
            self.address.edit.setText(str(parsed))
            whole = self.person.text
            self.person.edit.clear()
            self._use_name(whole)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leaving the address with the Tab key shows at once what is wrong with it.

        Not with the mouse: the button that is being pressed would move away.
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
        """Show an address as it will be used, without the text that was pasted around it."""
        parsed = EmailAddress.parse(self.address.text)
        if isinstance(parsed, EmailAddress) and str(parsed) != self.address.text:
            self.address.edit.setText(str(parsed))

    def _show_too_long(self, field: Field) -> None:
        """The pasted text does not fit: the field has its beginning only."""
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
        for row, account in enumerate(self.state.demo.people):
            choose = LinkButton(account.address)
            choose.clicked.connect(lambda _checked=False, chosen=account: self._choose(chosen))
            story = PlainLabel(role="muted", size=Type.SMALL)
            self._stories.append((story, account.story))
            grid.addWidget(choose, row, 0)
            grid.addWidget(story, row, 1)

    def _choose(self, account: DemoPerson) -> None:
        self.person.edit.setText(account.person)
        self.address.edit.setText(account.address)
        self.leave()
        self.state.set_password(account.password)
        self.address.edit.setFocus()

    def enter(self) -> None:
        """Show what was typed before."""
        self._show()
        self.person.edit.setText(self.state.owner.name or self._proposed_name())
        self.address.edit.setText(self.state.owner.address_text)
        self.address.set_fault("")
        self._typed(self.state.owner.address_text)
        if not self.state.owner.name:
            self.person.edit.selectAll()

    def _proposed_name(self) -> str:
        """The computer's user, until anything was typed; not in the demo."""
        fresh = not self.state.demo.people and not self.state.owner.address_text
        return self.state.computer.user_name if fresh else ""

    def leave(self) -> bool:
        """Check the address; show at the field what is wrong with it."""
        self.store_typed()
        parsed = EmailAddress.parse(self.address.text)
        if isinstance(parsed, AddressFailure):
            self.address.set_fault(address_fault_sentence(parsed.fault))
            self.address.edit.setFocus()
            return False
        self.state.set_address(parsed)
        self.state.search = replace(self.state.search, problem="")
        if not self.state.demo.people:
            self.services.preferences.store_address(parsed)
        self.state.owner = replace(self.state.owner, address_text=str(parsed))
        return True

    def store_typed(self) -> None:
        """The name; the address is stored while it is typed."""
        text = self.person.text
        name = "".join(" " if has_control(char) else char for char in text).strip()
        self.state.owner = replace(self.state.owner, name=name)

    def _forget(self) -> None:
        self.store_typed()
        self.services.preferences.forget_addresses()
        self.show_again()

    def _typed(self, text: str) -> None:
        self.state.owner = replace(self.state.owner, address_text=text)
        self.address.set_fault("")
        parsed = EmailAddress.parse(text)
        # An international domain has two forms, and look-alike letters show in the other one.
        both = isinstance(parsed, EmailAddress) and parsed.is_international
        if both and isinstance(parsed, EmailAddress):
            self._form.setText(_("Servers write this as {form}").format(form=parsed.ascii))
        self._form.setVisible(both)
        is_edited, self._is_edited = self._is_edited, False
        if is_edited:
            self._check_pasted(text)
        # Cleaning may have changed it.
        self._before = self.address.text
        self.changed.emit()

    def _enter_by_hand(self) -> None:
        if self.leave():
            self.moved.emit(Move.MANUAL)

    def is_ready(self) -> bool:
        """Something was typed; whether it is an address is checked after pressing."""
        return bool(self.address.text.strip())

    def primary_text(self) -> str:
        """Begin."""
        return _("Find my mail")

    def first_focus(self) -> QWidget:
        """The name comes first, unless it was typed; a proposed one should be noticed."""
        return self.address.edit if self.state.owner.name else self.person.edit

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
        self.without_options.setText(_("Do without them"))
        self._show()
        if not self.address.fault.isHidden():
            parsed = EmailAddress.parse(self.address.text)
            if isinstance(parsed, AddressFailure):
                self.address.set_fault(address_fault_sentence(parsed.fault))


def _inserted(before: str, after: str) -> int:
    """The number of characters between the unchanged beginning and end."""
    begin = _common(before, after)
    return len(after) - begin - _common(before[begin:][::-1], after[begin:][::-1])


def _common(one: str, other: str) -> int:
    """The length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
