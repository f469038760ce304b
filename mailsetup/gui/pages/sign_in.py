"""Signing in with the browser: where, the progress, and the result."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.assistant.events import Event, SignInCode, SignInOpened
from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import domain_shown, no_keyring_sentence
from mailsetup.assistant.texts.signin import no_client_sentence, other_account_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import (
    CopyRow,
    LinkButton,
    Notice,
    PlainLabel,
    action_button,
    clear,
    without_margins,
)
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _


def _open_in_browser(url: str) -> bool:
    return url.startswith("https://") and QDesktopServices.openUrl(QUrl(url))


class SignInPage(PageView):
    """The provider's host is shown before the browser opens; the password is typed there only."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.open_url: Callable[[str], bool] = _open_in_browser
        self._url = ""
        self._code: SignInCode | None = None
        self._opened = True
        self._lead = PlainLabel()
        self.host = PlainLabel(role="domain", size=Type.TITLE, bold=True)
        self._safety = PlainLabel(role="muted")
        self._notice_text = PlainLabel(bold=True)
        self._help = LinkButton()
        self.copy_admin = action_button(on_click=lambda: self._copy(self.state.sign_in.link))
        self.same_mailbox = action_button(on_click=self._accept)
        self._notice = Notice(self._notice_text, self._help, self.copy_admin, self.same_mailbox)
        self._reason = PlainLabel()
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(lambda _on: self.changed.emit())
        self._question = Notice(self._reason, self.agree)
        self.doing = StepList()
        self._code_rows = QWidget()
        without_margins(QVBoxLayout(self._code_rows))
        self.open_again = action_button(on_click=self._open)
        self.copy_link = action_button(on_click=lambda: self._copy(self._url))
        self._ways = wrapping_row(self.open_again, self.copy_link)
        self.keep = WrappingCheckBox()
        self.keep.toggled.connect(self._keep)
        self._keyring = PlainLabel(role="muted", size=Type.SMALL)
        self._keyring.setContentsMargins(Space.HUGE, 0, 0, 0)
        self.by_code = LinkButton(on_click=self._begin_by_code)
        self.with_password = self.move_link(Move.PASSWORD)
        self.servers = self.move_link(Move.MANUAL)
        self.add_to_column(
            self._lead,
            self.host,
            self._safety,
            self._notice,
            self._question,
            self.doing,
            self._code_rows,
            self._ways,
            self.keep,
            self._keyring,
            self.by_code,
            self.with_password,
            self.servers,
        )
        services.keyring.known.connect(self.retranslate)
        services.sign_ins.method_known.connect(self._way_known)
        self.retranslate()

    # What is known ---------------------------------------------------------------------------

    @property
    def _is_waiting(self) -> bool:
        return bool(self._url) or self._code is not None

    @property
    def _can_begin(self) -> bool:
        method = self.state.sign_in.method
        return method is not None and method.can_begin

    @property
    def _is_of_another(self) -> bool:
        made = self.state.sign_in.result
        return made is not None and made.is_of_another and not self._is_waiting

    def enter(self) -> None:
        """No sign-in is in progress: it begins here, or has ended."""
        self._url, self._code = "", None
        self.keep.setChecked(self.state.sign_in.keep)
        self._show()

    def start_jobs(self) -> None:
        """Ask the keyring and where to sign in."""
        self.services.keyring.ask()
        self.services.sign_ins.ask_way()

    def on_event(self, event: Event) -> None:
        """The sign-in page can be opened, or a code be typed."""
        match event:
            case SignInOpened(url=url):
                self._url, self._code = url, None
                self._open()
            case SignInCode():
                self._url, self._code = "", event
                self._show_code(event)
            case _:
                return
        self._show()

    def interrupt(self) -> bool:
        """Cancelling ends the wait and stays here."""
        if not self._is_waiting:
            return False
        self.enter()
        return True

    def _open(self) -> None:
        self._opened = self.open_url(self._url)
        self._show()

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)

    def _begin_by_code(self) -> None:
        if self._confirmed():
            self._begin(by_code=True)

    def _way_known(self) -> None:
        self.moved.emit(Move.WAY_KNOWN)

    def _begin(self, *, by_code: bool) -> None:
        self.services.sign_ins.sign_in(self.on_event, self._ended, by_code=by_code)
        self.changed.emit()

    def _ended(self) -> None:
        if self.state.sign_in.is_usable:
            self.show_again()
        self.moved.emit(Move.SIGNED_IN)

    def _accept(self) -> None:
        """The other address is the same mailbox: the servers decide."""
        self.state.sign_in = replace(self.state.sign_in, in_use=True)
        self.moved.emit(Move.NEXT)

    def _keep(self, keep: bool) -> None:
        self.state.sign_in = replace(self.state.sign_in, keep=keep)

    # What is shown ---------------------------------------------------------------------------

    def _show(self) -> None:
        state, method = self.state, self.state.sign_in.method
        waiting, ready = self._is_waiting, self._can_begin
        signed_in = state.sign_in.is_usable and not waiting
        self.host.setText(domain_shown(method.page_host) if method is not None else "")
        self.host.setVisible(ready and not signed_in and self._code is None)
        self._lead.setText(self._lead_text(signed_in=signed_in))
        self._lead.setVisible(bool(self._lead.text()))
        self._safety.setVisible(ready and not signed_in and self._code is None)
        self._show_notice()
        self._show_question()
        self._show_doing(signed_in=signed_in)
        self._ways.setVisible(bool(self._url))
        self._show_keyring(shown=ready)
        takes_password = state.servers.account is not None and state.servers.account.takes_password
        self.by_code.setVisible(
            ready and method is not None and method.by_device and self._code is None
        )
        self.with_password.setVisible(takes_password and self.primary_move() is not Move.PASSWORD)
        self.servers.setVisible(state.sign_in.method_known and not ready)
        self.changed.emit()

    def _lead_text(self, *, signed_in: bool) -> str:
        made = self.state.sign_in.result
        if not self.state.sign_in.method_known:
            return _("Looking where you sign in …")
        if signed_in and made is not None:
            who = made.signed_in_as or str(made.method.account.address)
            return _("You are signed in as {address}.").format(address=who)
        if not self._can_begin:
            return ""
        if self._code is not None:
            return _("Open this page on any device, and type the code there.")
        return _("You sign in in your own browser, on the page of")

    def _show_notice(self) -> None:
        state, method = self.state, self.state.sign_in.method
        text, url = "", ""
        if self._is_waiting or not state.sign_in.method_known:
            text = ""
        elif method is None:
            text = state.sign_in.method_problem
        elif not method.can_begin:
            text = no_client_sentence(method)
            hint = state.hint
            if hint is not None and hint.kind == "app-password" and method.account.takes_password:
                url = hint.url
        elif state.sign_in.problem:
            text = state.sign_in.problem
        elif self._is_of_another and state.sign_in.result is not None:
            chosen = state.sign_in.result.signed_in_as
            text = other_account_sentence(chosen, str(method.account.address))
        self._notice_text.setText(text)
        self._help.setVisible(url.startswith("https://"))
        self._help.set_url(url)
        self.copy_admin.setVisible(bool(state.sign_in.link) and bool(text))
        self.same_mailbox.setVisible(self._is_of_another and not state.sign_in.problem)
        self._notice.setVisible(bool(text))

    def _show_question(self) -> None:
        method = self.state.sign_in.method
        asks = (
            method is not None
            and method.can_begin
            and bool(method.confirm)
            and not self._is_waiting
        )
        self._question.setVisible(asks)
        if method is None or not asks:
            return
        self._reason.setText(
            _(
                "Your mail is kept at {domains}, which is not the company that you sign in at."
                " Go on only if you know both."
            ).format(domains=", ".join(map(domain_shown, method.confirm)))
        )
        self.agree.setText(_("Yes, both belong to my mail"))

    def _show_doing(self, *, signed_in: bool) -> None:
        steps: list[ProgressStep] = []
        if self._is_waiting:
            steps.append(ProgressStep(_("Waiting for you to finish there"), StatusLight.WORKING))
            if self._url and not self._opened:
                text = _("Your browser did not open. Copy the link and open it there yourself.")
                steps.append(ProgressStep(text, StatusLight.WARN))
        elif not self.state.sign_in.method_known:
            steps.append(ProgressStep(_("Asking the provider"), StatusLight.WORKING))
        elif signed_in:
            steps.append(ProgressStep(_("The sign-in worked."), StatusLight.OK))
        self.doing.show_steps(steps)
        self.doing.setVisible(bool(steps))
        self._code_rows.setVisible(self._code is not None)

    def _show_code(self, code: SignInCode) -> None:
        clear(self._code_rows)
        layout = self._code_rows.layout()
        if layout is not None:
            layout.addWidget(CopyRow(_("Page"), code.page))
            layout.addWidget(CopyRow(_("Code"), code.code))

    def _show_keyring(self, *, shown: bool) -> None:
        state = self.state
        available = bool(state.computer.keyring) and not state.demo.people
        self.keep.setVisible(shown)
        self.keep.setEnabled(available)
        text = ""
        if state.demo.people:
            text = _("In the demo nothing is kept.")
        elif available:
            text = _("Otherwise the sign-in is given back when you close this window.")
        elif state.computer.keyring_known:
            text = no_keyring_sentence()
        self._keyring.setText(text)
        self._keyring.setVisible(shown and bool(text))

    # The buttons below -----------------------------------------------------------------------

    def _confirmed(self) -> bool:
        """Store the agreement to servers that are not the provider's own."""
        method = self.state.sign_in.method
        if method is None or (method.confirm and not self.agree.isChecked()):
            return False
        self.state.sign_in = replace(self.state.sign_in, method=method.agreed_to(method.confirm))
        return True

    def leave(self) -> bool:
        """Go on with the sign-in, or begin it and stay."""
        if not self._can_begin or self.state.sign_in.is_usable:
            return True
        if self._confirmed():
            self._begin(by_code=False)
        return False

    def is_ready(self) -> bool:
        """Not while a sign-in is in progress, nor before the user agreed."""
        method = self.state.sign_in.method
        asks = method is not None and bool(method.confirm) and method.can_begin
        return (
            self.state.sign_in.method_known
            and not self._is_waiting
            and not (asks and not self.agree.isChecked())
        )

    def primary_move(self) -> Move:
        """To the check; to the password where only that is possible."""
        account = self.state.servers.account
        only_password = self.state.sign_in.method_known and not self._can_begin
        takes_password = account is not None and account.takes_password
        return Move.PASSWORD if only_password and takes_password else Move.NEXT

    def primary_text(self) -> str:
        """Sign in, or what follows it."""
        if not self.state.sign_in.method_known:
            return ""
        if self.primary_move() is Move.PASSWORD:
            return _("Use an app password")
        if not self._can_begin:
            return _("Try out the rest")
        if self.state.sign_in.is_usable and not self._is_waiting:
            return _("Try it out")
        again = bool(self.state.sign_in.problem) or self._is_of_another
        return _("Sign in again") if again else _("Open the browser")

    def first_focus(self) -> QWidget | None:
        """The question, where there is one."""
        return self.agree if self._question.isVisibleTo(self) else None

    def announcement(self) -> str:
        """All visible texts."""
        parts = (self.title.text(), self._lead.text(), self.host.text(), self._notice_text.text())
        return " ".join(part for part in parts if part)

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Sign in in the browser"))
        self._safety.setText(
            _("Type your password only there. This program never sees it; it is only let in.")
        )
        self._help.setText(_("Show how on the provider's page"))
        self.copy_admin.setText(_("Copy the link for the &administrator"))
        self.same_mailbox.setText(_("It is the same &mailbox: go on"))
        self.open_again.setText(_("&Open the page again"))
        self.copy_link.setText(_("&Copy the link"))
        self.keep.setText(_("&Keep the sign-in in this computer's keyring"))
        self.by_code.setText(_("Sign in by a code on another device"))
        self.with_password.setText(_("Use a password instead"))
        self.servers.setText(_("Change the servers by hand"))
        if self._code is not None:
            self._show_code(self._code)
        self._show()
