"""The password, and whether to store it in the keyring."""

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from mailsetup.assistant.account_choice import password_domains
from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import no_keyring_sentence
from mailsetup.assistant.texts.search import hint_sentence, provider_words
from mailsetup.assistant.texts.signin import no_client_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import LinkButton, Notice, PlainLabel
from mailsetup.gui.widgets.password_entry import PasswordEntry, password_goes_to
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Hint


class PasswordPage(PageView):
    """One field; above it what the provider requires first."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self._no_sign_in = PlainLabel()
        self._hint_text = PlainLabel(bold=True)
        self._provider_text = PlainLabel()
        self._hint_link = LinkButton()
        self._hint = Notice(self._hint_text, self._provider_text, self._hint_link)
        self.entry = PasswordEntry()
        self.entry.changed.connect(self.changed)
        self.keep = WrappingCheckBox()
        self.keep.toggled.connect(self._keep)
        self._keyring = PlainLabel(role="muted", size=Type.SMALL)
        self._keyring.setContentsMargins(Space.HUGE, 0, 0, 0)
        self.in_browser = self.move_link(Move.SIGN_IN)
        self.servers = self.move_link(Move.MANUAL)
        self.add_to_column(
            self._lead,
            self._no_sign_in,
            self._hint,
            self.entry,
            self.keep,
            self._keyring,
            self.in_browser,
            self.servers,
        )
        services.keyring.known.connect(self.retranslate)
        self.retranslate()

    def start_jobs(self) -> None:
        """Ask whether there is a keyring."""
        self.services.keyring.ask()

    def enter(self) -> None:
        """Show what is known."""
        self.entry.set_text(self.state.credentials.password)
        self.keep.setChecked(self.state.credentials.keep)
        self._show()
        self._show_refusal()

    def _show_refusal(self) -> None:
        """The server refused this password: show it where another one is typed."""
        if not self.state.check.password_was_refused or not self.entry.text:
            return
        self.entry.field.set_fault(_("The server did not accept this password. Type it again."))
        self.entry.edit.selectAll()

    def _show(self) -> None:
        account = self.state.servers.account
        self._show_receivers(account)
        self.in_browser.setVisible(account is not None and account.takes_sign_in)
        self._no_sign_in.show_text(self._why_no_sign_in())
        self._show_hint(self.state.hint)
        self._show_keyring()

    def _show_receivers(self, account: Account | None) -> None:
        discovery = self.state.chosen_discovery
        settings = discovery.settings if discovery is not None else None
        owners = password_domains(account, settings) if account is not None else ()
        self._lead.setText(password_goes_to(owners))

    def _why_no_sign_in(self) -> str:
        """Why a password is asked for although the provider prefers a sign-in."""
        state = self.state
        account, method = state.servers.account, state.sign_in.method
        if account is None or not account.takes_sign_in or not state.sign_in.method_known:
            return ""
        if method is None:
            return state.sign_in.method_problem
        return "" if method.can_begin else no_client_sentence(method)

    def _show_hint(self, hint: Hint | None) -> None:
        self._hint.setVisible(hint is not None)
        if hint is None:
            return
        self._hint_text.setText(hint_sentence(hint))
        steps = [provider_words(hint)]
        if hint.kind == "app-password":
            steps += [
                f"1.  {_('Open your provider’s page and sign in as you always do.')}",
                f"2.  {_('Let it make an app password, for mail. It is shown only once.')}",
                f"3.  {_('Copy it and paste it here.')}",
            ]
        self._provider_text.show_text("\n".join(step for step in steps if step))
        self._hint_link.setText(_("Show how on the provider's page"))
        self._hint_link.setVisible(hint.url.startswith("https://"))
        self._hint_link.set_url(hint.url)

    def _show_keyring(self) -> None:
        state = self.state
        available = bool(state.computer.keyring) and not state.demo.people
        self.keep.setEnabled(available)
        if state.demo.people:
            text = _("In the demo nothing is kept.")
        elif state.computer.keyring_known and not available:
            text = no_keyring_sentence()
        else:
            text = ""
        self._keyring.show_text(text)

    def _keep(self, keep: bool) -> None:
        self.state.credentials = replace(self.state.credentials, keep=keep)

    def leave(self) -> bool:
        """Store the password."""
        if not self.entry.check():
            return False
        self.state.set_password(self.entry.text)
        self.state.credentials = replace(self.state.credentials, on_password_page=True)
        self.state.sign_in = replace(self.state.sign_in, in_use=False)
        return True

    def store_typed(self) -> None:
        """The password, unless the result of the last one is still shown."""
        if self.state.check.report is None:
            self.state.set_password(self.entry.text)

    def is_ready(self) -> bool:
        """Something was typed."""
        return bool(self.entry.text)

    def primary_text(self) -> str:
        """Begin the test."""
        return _("Try it out")

    def first_focus(self) -> QWidget:
        """The password."""
        return self.entry.edit

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Your mail password"))
        self.entry.set_label(_("&Password"))
        self.entry.retranslate()
        self.keep.setText(_("&Keep it in this computer's keyring"))
        self.in_browser.setText(_("Sign in in the browser instead"))
        self.servers.setText(_("Change the servers by hand"))
        self._show()
