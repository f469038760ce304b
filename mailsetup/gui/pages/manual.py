"""Servers entered by hand."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from mailsetup.assistant.account_choice import choose_account, unproven_owners
from mailsetup.assistant.texts.common import domain_shown
from mailsetup.assistant.texts.search import unproven_sentence, warning_sentence
from mailsetup.diagnosis.catalogue import explain
from mailsetup.gui.bridge import JobEnd
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.server_form import ServerForm
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Notice, PlainLabel
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.gui.worker.reach import Reachability
from mailsetup.i18n import _
from mailsetup.model.hostname import parse_host
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

_KNOWN_WARNINGS: Final = (
    "exchange", "bridge", "own-app", "unencrypted", "plain-http",
    "ssl-cert-file", "ssl-cert-dir", "proxy-unusable", "proxy-unreachable",
)  # fmt: skip


class ManualPage(PageView):
    """Both servers, and the question about unproven companies."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.incoming = ServerForm(Protocol.IMAP)
        self.outgoing = ServerForm(Protocol.SMTP)
        self.column.addWidget(self._lead)
        for form in (self.incoming, self.outgoing):
            self.column.addWidget(form)
            self.column.addSpacing(Space.TINY)
        self._domains = PlainLabel(role="domain", size=Type.LARGE, bold=True)
        self._reason = PlainLabel()
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(self._agreed)
        self._question = Notice(self._domains, self._reason, self.agree)
        self.column.addWidget(self._question)
        self.column.addStretch(1)
        for form in (self.incoming, self.outgoing):
            form.settled.connect(self._try_servers)
            for field in (form.host, form.port, form.username):
                field.changed.connect(lambda _text: self._check_if_faulty())
            form.host.changed.connect(lambda _text: self._show_question())
        services.reach.answered.connect(self._show_answer)
        self.retranslate()

    def enter(self) -> None:
        """Begin with what is known, or with the likeliest names."""
        account = self.state.servers.account or self._proposed()
        if account is not None:
            self.incoming.show_server(account.incoming)
            self.outgoing.show_server(account.outgoing)
        self._show_lead()
        self._show_question()
        if self.state.servers.account is None and self.state.search.is_without_settings:
            # The search asked there already: the user sees at once that it is only a guess.
            for form in (self.incoming, self.outgoing):
                form.propose()
            QTimer.singleShot(0, self, self._try_servers)

    def _try_servers(self) -> None:
        """Try the servers that were newly typed."""
        if self.isHidden():
            return
        # Each form marks its server as being tried before the first answer can come.
        servers = [form.to_try() for form in (self.incoming, self.outgoing)]
        for server in servers:
            if server is not None:
                self.services.reach.ask(server)

    def _show_answer(self, server: ServerSettings, end: JobEnd[Reachability]) -> None:
        for form in (self.incoming, self.outgoing):
            form.show_answer(server, end)

    def _proposed(self) -> Account | None:
        address = self.state.owner.address
        if address is None:
            return None
        found = self.state.search.discovery.settings if self.state.search.discovery else None
        guess = ServerSettings(
            Protocol.IMAP, f"mail.{address.domain}", 993, SocketType.TLS, address.ascii
        )
        likely = choose_account(found, address) if found else None
        if likely is not None:
            return replace(likely, person=self.state.owner.name)
        incoming = next(iter(found.incoming) if found else iter(()), guess)
        outgoing = next(
            iter(found.outgoing) if found else iter(()),
            replace(guess, protocol=Protocol.SMTP, port=465),
        )
        return Account(address, incoming, outgoing, self.state.owner.name)

    def _show_lead(self) -> None:
        if self.state.search.absence:
            shown = explain(self.state.search.absence[0])
            self._lead.setText(f"{shown.title} {shown.advice}")
        elif warnings := self._warnings():
            self._lead.setText(" ".join(map(warning_sentence, warnings)))
        elif self.state.search.is_without_settings:
            self._lead.setText(
                _(
                    "Your domain does not publish its servers. Your hosting's welcome message "
                    "names them; these are the usual ones."
                )
            )
        else:
            self._lead.setText(_("Your hosting's welcome message or web page names them."))

    def _warnings(self) -> list[str]:
        """What the search found out about the mailbox without finding servers."""
        discovery = self.state.search.discovery
        if discovery is None or discovery.settings is not None:
            return []
        return [word for word in discovery.warnings if word in _KNOWN_WARNINGS]

    def _check_if_faulty(self) -> None:
        """Once something was marked as wrong, the marks follow what is typed."""
        for form in (self.incoming, self.outgoing):
            if any(field.fault.text() for field in (form.host, form.port, form.username)):
                form.check()
        self.changed.emit()

    def _unproven(self) -> tuple[str, ...]:
        """The companies of typed servers that were found and that nothing proves."""
        hosts = (parse_host(form.host.text, typed=True) for form in (self.incoming, self.outgoing))
        discovery = self.state.search.discovery
        if discovery is None:
            return ()
        return unproven_owners(discovery, [host for host in hosts if host is not None])

    def _show_question(self) -> None:
        unproven = self._unproven()
        self._domains.setText("\n".join(map(domain_shown, unproven)))
        self._reason.setText(unproven_sentence())
        self.agree.setText(_("Yes, I know it: it keeps my mail"))
        self.agree.blockSignals(True)
        self.agree.setChecked(set(unproven) <= set(self.state.search.agreed))
        self.agree.blockSignals(False)
        self._question.setVisible(bool(unproven))
        self.changed.emit()

    def _agreed(self, agreed: bool) -> None:
        unproven = self._unproven()
        others = tuple(one for one in self.state.search.agreed if one not in unproven)
        domains = (*others, *unproven) if agreed else others
        self.state.search = replace(self.state.search, agreed=domains)
        self.changed.emit()

    def is_ready(self) -> bool:
        """Not before the user agreed to unproven companies."""
        return set(self._unproven()) <= set(self.state.search.agreed)

    def leave(self) -> bool:
        """Store the servers, or show what is wrong with them."""
        good = [form.check() for form in (self.incoming, self.outgoing)]
        incoming, outgoing = self.incoming.server(), self.outgoing.server()
        address = self.state.owner.address
        if not all(good) or incoming is None or outgoing is None or address is None:
            self._focus_fault()
            return False
        account = Account(address, incoming, outgoing, self.state.owner.name)
        self.state.set_account(account)
        self.state.servers = replace(self.state.servers, typed=True)
        return True

    def _focus_fault(self) -> None:
        for form in (self.incoming, self.outgoing):
            for field in (form.host, form.port, form.username):
                if field.fault.text():
                    field.edit.setFocus()
                    return

    def primary_text(self) -> str:
        """Go on."""
        return _("Continue")

    def first_focus(self) -> QWidget:
        """The first server's name."""
        return self.incoming.host.edit

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Enter your mail servers"))
        self.incoming.retranslate()
        self.outgoing.retranslate()
        self._show_lead()
        self._show_question()
