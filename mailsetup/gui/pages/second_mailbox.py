"""A mailbox at another company, for complaints that mail to oneself cannot show."""

from dataclasses import replace

from PySide6.QtCore import Qt

from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import address_fault_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Field, LinkButton, PlainLabel
from mailsetup.gui.widgets.password_entry import PasswordEntry
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.address import AddressFailure, AddressFault, EmailAddress


class SecondMailboxPage(PageView):
    """Address and password of the other mailbox, or go on without."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.address = Field()
        self.address.edit.setMaxLength(4096)
        self.address.edit.inputRejected.connect(
            self._show_too_long, Qt.ConnectionType.QueuedConnection
        )
        self.password = PasswordEntry()
        self.blocklists = WrappingCheckBox()
        self._blocklists_note = PlainLabel(role="muted", size=Type.SMALL)
        self._blocklists_note.setContentsMargins(Space.HUGE, 0, 0, 0)
        self.without = LinkButton(on_click=self._go_without)
        self.servers = self.move_link(Move.MANUAL)
        self.address.changed.connect(lambda _text: self._typed())
        self.password.changed.connect(self.changed)
        self.add_to_column(
            self._lead,
            self.address,
            self.password,
            self.blocklists,
            self._blocklists_note,
            self.without,
            self.servers,
        )
        self.retranslate()

    def enter(self) -> None:
        """Show what was typed before."""
        second = self.state.second
        self.address.edit.setText(second.address_text)
        self.password.edit.setText(second.password)
        self.blocklists.setChecked(second.ask_blocklists)
        self._typed()

    def _typed(self) -> None:
        self.address.set_fault("")
        self.changed.emit()

    def _show_too_long(self) -> None:
        self.address.set_fault(address_fault_sentence(AddressFault.TOO_LONG))

    def leave(self) -> bool:
        """Check the address; show at the field what is wrong with it."""
        parsed = EmailAddress.parse(self.address.text)
        first = self.state.owner.address
        if isinstance(parsed, AddressFailure):
            fault = address_fault_sentence(parsed.fault)
        elif not self.password.check():
            return False
        elif first is not None and parsed.domain == first.domain:
            fault = _("This mailbox is at the same company. Use one with another ending.")
        else:
            self.state.second = replace(
                self.state.second,
                address=parsed,
                address_text=str(parsed),
                password=self.password.text,
                ask_blocklists=self.blocklists.isChecked(),
            )
            return True
        self.address.set_fault(fault)
        self.address.edit.setFocus()
        return False

    def _go_without(self) -> None:
        self.state.second = replace(self.state.second, address=None, address_text="", password="")
        self.moved.emit(Move.NEXT)

    def is_ready(self) -> bool:
        """Both fields hold something."""
        return bool(self.address.text.strip() and self.password.text)

    def primary_text(self) -> str:
        """Go on with both."""
        return _("Test with both")

    def first_focus(self) -> Field:
        """The address."""
        return self.address

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("How do others see your mail?"))
        self._lead.setText(
            _(
                "Only a mailbox at another company shows that, such as a free one of yours. "
                "One small message goes each way; both are removed again."
            )
        )
        self.address.set_label(_("Your other &e-mail address"))
        self.address.edit.setPlaceholderText(_("name@other-company.com"))
        self.password.set_label(_("&Password of that mailbox"))
        self.password.retranslate()
        self.servers.setText(_("Change the servers by hand"))
        self.blocklists.setText(_("Also look into the public lists of &spam senders"))
        self._blocklists_note.setText(
            _("They are asked about the server that sends your mail, not about you.")
        )
        self.without.setText(_("Go on &without it: less can be seen"))
