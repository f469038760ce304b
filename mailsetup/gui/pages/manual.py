"""Servers entered by hand, checked while they are typed."""

from dataclasses import replace

from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from mailsetup.assistant.flow import Page
from mailsetup.assistant.wording import protocol_purpose, security_name, warning_sentence
from mailsetup.gui.page import PageView
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets import Field, PlainLabel
from mailsetup.i18n import _
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import (
    STANDARD_PORTS,
    Account,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import has_control

_SECURITY = (SocketType.TLS, SocketType.STARTTLS)
_KNOWN_REASONS = ("exchange", "bridge", "own-app")


class ServerForm(QWidget):
    """One server: host, port and security on a row, the user name below."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self._heading = PlainLabel(bold=True, size=Type.LARGE)
        self.host = Field()
        self.host.edit.setMaxLength(253)
        self.port = Field()
        self.port.edit.setValidator(QIntValidator(0, 99999, self.port.edit))
        self.port.edit.setMaximumWidth(110)
        self._security_label = QLabel()
        self.security = QComboBox()
        for kind in _SECURITY:
            self.security.addItem(security_name(kind), kind)
        self._security_label.setBuddy(self.security)
        self.username = Field(QLineEdit())
        security = QWidget()
        column = QVBoxLayout(security)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.TINY)
        column.addWidget(self._security_label)
        column.addWidget(self.security)
        column.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Space.MEDIUM)
        grid.setVerticalSpacing(Space.SMALL)
        grid.addWidget(self._heading, 0, 0, 1, 3)
        grid.addWidget(self.host, 1, 0)
        grid.addWidget(security, 1, 1)
        grid.addWidget(self.port, 1, 2)
        grid.addWidget(self.username, 2, 0, 1, 3)
        grid.setColumnStretch(0, 1)
        self.security.currentIndexChanged.connect(self._follow_security)

    def _follow_security(self) -> None:
        """A standard port follows the security; a special one is the person's."""
        standard = {STANDARD_PORTS[self.protocol, kind] for kind in _SECURITY}
        if parse_port(self.port.text) in standard or not self.port.text:
            self.port.edit.setText(str(STANDARD_PORTS[self.protocol, self._kind()]))

    def _kind(self) -> SocketType:
        return SocketType(self.security.currentData())

    def show_server(self, server: ServerSettings) -> None:
        """Fill the form."""
        self.host.edit.setText(server.host)
        known = server.security if server.security in _SECURITY else SocketType.TLS
        self.security.setCurrentIndex(_SECURITY.index(known))
        self.port.edit.setText(str(server.port))
        self.username.edit.setText(server.username)

    def check(self) -> bool:
        """Say at each field what is wrong with it."""
        self.host.set_fault(
            ""
            if parse_host(self.host.text, typed=True)
            else _("Write the server's name, such as mail.company.com.")
        )
        port = parse_port(self.port.text)
        self.port.set_fault("" if port else _("1 to 65535"))
        name = self.username.text.strip()
        self.username.set_fault(
            "" if name and not has_control(name) else _("Usually the whole e-mail address.")
        )
        return not any(field.fault.text() for field in (self.host, self.port, self.username))

    def server(self) -> ServerSettings | None:
        """What was typed, or None while something is wrong."""
        host, port = parse_host(self.host.text, typed=True), parse_port(self.port.text)
        name = self.username.text.strip()
        if host is None or port is None or not name or has_control(name):
            return None
        return ServerSettings(self.protocol, host, port, self._kind(), name)

    def retranslate(self) -> None:
        """Texts in the current language."""
        self._heading.setText(protocol_purpose(self.protocol))
        incoming = self.protocol is not Protocol.SMTP
        self.host.set_label(_("&Server") if incoming else _("Se&rver"))
        self.port.set_label(_("&Port") if incoming else _("P&ort"))
        self._security_label.setText(_("En&cryption") if incoming else _("Encr&yption"))
        purpose = protocol_purpose(self.protocol)
        for field in (self.host, self.port):
            field.edit.setAccessibleName(f"{purpose}: {field.edit.accessibleName()}")
        plain_label = self._security_label.text().replace("&", "")
        self.security.setAccessibleName(f"{purpose}: {plain_label}")
        self.username.set_label(_("&User name") if incoming else _("User na&me"))
        self.username.edit.setAccessibleName(f"{purpose}: {self.username.edit.accessibleName()}")
        for index, kind in enumerate(_SECURITY):
            self.security.setItemText(index, security_name(kind))


class ManualPage(PageView):
    """Both servers."""

    page = Page.MANUAL

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._lead = PlainLabel(role="muted")
        self.incoming = ServerForm(Protocol.IMAP)
        self.outgoing = ServerForm(Protocol.SMTP)
        for widget in (self._lead, self.incoming, self.outgoing):
            self.column.addWidget(widget)
        self.column.setSpacing(Space.LARGE)
        self.column.addStretch(1)
        for form in (self.incoming, self.outgoing):
            for field in (form.host, form.port, form.username):
                field.changed.connect(lambda _text: self._check_if_faulty())
        self.retranslate()

    def enter(self) -> None:
        """Begin with what is known, or with the likeliest names."""
        account = self.session.account or self._proposed()
        if account is not None:
            self.incoming.show_server(account.incoming)
            self.outgoing.show_server(account.outgoing)
        self._tell()

    def _proposed(self) -> Account | None:
        address = self.session.address
        if address is None:
            return None
        found = self.session.discovery.settings if self.session.discovery else None
        guess = ServerSettings(
            Protocol.IMAP, f"mail.{address.domain}", 993, SocketType.TLS, address.ascii
        )
        incoming = next(
            (s for s in found.incoming if s.protocol is Protocol.IMAP) if found else iter(()), guess
        )
        outgoing = next(
            iter(found.outgoing) if found else iter(()),
            replace(guess, protocol=Protocol.SMTP, port=465),
        )
        return Account(address, incoming, outgoing, self.session.person)

    def _tell(self) -> None:
        from mailsetup.diagnosis.catalogue import explain

        if self.session.absence:
            shown = explain(self.session.absence[0])
            self._lead.setText(f"{shown.title} {shown.advice}")
        elif warnings := self._told():
            self._lead.setText(" ".join(map(warning_sentence, warnings)))
        elif self.session.discovery is not None and self.session.discovery.settings is None:
            self._lead.setText(
                _(
                    "Your domain does not publish its servers. Your hosting's welcome message "
                    "names them; these are the usual ones."
                )
            )
        else:
            self._lead.setText(_("Your hosting's welcome message or web page names them."))

    def _told(self) -> list[str]:
        """What the search learnt of the mailbox although it found no servers."""
        discovery = self.session.discovery
        if discovery is None or discovery.settings is not None:
            return []
        return [word for word in discovery.warnings if word in _KNOWN_REASONS]

    def _check_if_faulty(self) -> None:
        """Once something was marked as wrong, the marks follow what is typed."""
        for form in (self.incoming, self.outgoing):
            if any(field.fault.text() for field in (form.host, form.port, form.username)):
                form.check()
        self.changed.emit()

    def leave(self) -> bool:
        """Take the servers, or show what is wrong with them."""
        good = [form.check() for form in (self.incoming, self.outgoing)]
        incoming, outgoing = self.incoming.server(), self.outgoing.server()
        if not all(good) or incoming is None or outgoing is None or self.session.address is None:
            self._focus_fault()
            return False
        account = Account(self.session.address, incoming, outgoing, self.session.person)
        if account != self.session.account:
            self.session.forget_result()
            self.session.forget_sign_in()
        self.session.account = account
        self.session.typed = True
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
        self._tell()
