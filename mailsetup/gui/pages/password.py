"""The password, and whether to keep it."""

import re

from PySide6.QtWidgets import QWidget

from mailsetup.assistant.flow import Page
from mailsetup.assistant.wording import hint_sentence, no_keyring_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Type
from mailsetup.gui.tick import Tick
from mailsetup.gui.widgets import LinkButton, Notice, PasswordField, PlainLabel
from mailsetup.i18n import _

# As Google and others show their app passwords: groups of four letters.
_GROUPED = re.compile(r"\s*[a-z]{4}( [a-z]{4}){3}\s*\Z")


class PasswordPage(PageView):
    """One field, and help with what usually goes wrong in it."""

    page = Page.PASSWORD

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lead = PlainLabel(role="muted")
        self._hint = Notice()
        self._hint_text = PlainLabel()
        self._hint_link = LinkButton()
        self._hint.add(self._hint_text)
        self._hint.add(self._hint_link)
        self.password = PasswordField()
        self.password.edit.setMaxLength(4096)
        self.password.changed.connect(self._typed)
        self._blanks = PlainLabel(role="muted", size=Type.SMALL)
        self.remove_blanks = LinkButton()
        self.remove_blanks.clicked.connect(self._remove_blanks)
        self.keep = Tick()
        self.keep.toggled.connect(self._keep)
        self._keyring = PlainLabel(role="muted", size=Type.SMALL)
        for widget in (
            self._lead,
            self._hint,
            self.password,
            self._blanks,
            self.remove_blanks,
            self.keep,
            self._keyring,
        ):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.retranslate()

    def enter(self) -> None:
        """Show what is known."""
        self.password.edit.setText(self.session.password)
        self.keep.setChecked(self.session.keep_password)
        self._show()

    def _show(self) -> None:
        account = self.session.account
        host = account.incoming.host if account else ""
        self._lead.setText(
            _("It is sent to {host} only, and only over a verified encrypted connection.").format(
                host=host
            )
        )
        discovery = self.session.discovery
        hints = discovery.settings.hints if discovery and discovery.settings else ()
        hint = next((one for one in hints if one.kind != "help"), None)
        self._hint.setVisible(hint is not None and not self.session.typed)
        if hint is not None:
            self._hint_text.setText(hint_sentence(hint))
            self._hint_link.setText(_("Show how on the provider's page"))
            self._hint_link.setVisible(hint.url.startswith("https://"))
            self._hint_link.set_url(hint.url)
        available = bool(self.session.keyring)
        self.keep.setEnabled(available)
        if available:
            text = _("Kept in: {keyring}").format(keyring=self.session.keyring)
        elif self.session.keyring_known:
            text = no_keyring_sentence()
        else:
            text = ""
        self._keyring.setText(text)
        self._typed(self.password.text)

    def _typed(self, text: str) -> None:
        self.password.set_fault("")
        grouped = bool(_GROUPED.match(text))
        outer = text != text.strip()
        if grouped:
            self._blanks.setText(_("This looks like an app password. It works without the blanks."))
        elif outer:
            self._blanks.setText(_("There is a blank at the beginning or at the end."))
        self._blanks.setVisible(grouped or outer)
        self.remove_blanks.setVisible(grouped or outer)
        self.changed.emit()

    def _remove_blanks(self) -> None:
        text = self.password.text
        self.password.edit.setText(text.replace(" ", "") if _GROUPED.match(text) else text.strip())
        self.password.edit.setFocus()

    def _keep(self, keep: bool) -> None:
        self.session.keep_password = keep

    def leave(self) -> bool:
        """Take the password."""
        text = self.password.text
        if any(ord(char) < 32 for char in text):
            self.password.set_fault(_("There are invisible characters in it. Type it by hand."))
            self.password.edit.setFocus()
            return False
        if text != self.session.password:
            self.session.forget_result()
        self.session.password = text
        return True

    def is_ready(self) -> bool:
        """Something was typed."""
        return bool(self.password.text)

    def primary_text(self) -> str:
        """Begin the test."""
        return _("Try it out")

    def first_focus(self) -> QWidget:
        """The password."""
        return self.password.edit

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Your mail password"))
        self.password.set_label(_("&Password"))
        self.password.retranslate()
        self.remove_blanks.setText(_("Remove the blanks"))
        self.keep.setText(_("&Keep it in this computer's keyring"))
        self._show()
