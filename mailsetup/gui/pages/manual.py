"""Servers entered by hand, checked while they are typed."""

from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from mailsetup.assistant.flow import Page
from mailsetup.assistant.texts.common import (
    domain_shown,
    protocol_purpose,
    security_name,
)
from mailsetup.assistant.texts.search import unproven_sentence, warning_sentence
from mailsetup.gui.bridge import JobEnd
from mailsetup.gui.page import PageView, Request
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Field, Notice, PlainLabel, announce
from mailsetup.gui.widgets.status_icon import StatusIcon, StatusLight
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.finding import Finding
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import (
    STANDARD_PORTS,
    Account,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.text import has_control

_KINDS = (Protocol.IMAP, Protocol.POP3)
_SECURITY = (SocketType.TLS, SocketType.STARTTLS)
_KNOWN_REASONS = (
    "exchange", "bridge", "own-app", "unencrypted", "plain-http",
    "ssl-cert-file", "ssl-cert-dir", "proxy-unusable", "proxy-unreachable",
)  # fmt: skip


class ServerForm(QWidget):
    """One server: host, port and security on a row, the user name below."""

    settled = Signal()
    """Something was typed to its end."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self._reached_server: ServerSettings | None = None
        self._touched = False
        self.kind = QComboBox()
        for known in _KINDS:
            self.kind.addItem(known.upper(), known)
        self.kind.setVisible(protocol in _KINDS)
        self.kind.currentIndexChanged.connect(self._follow_kind)
        self.sign = StatusIcon()
        self.reached = PlainLabel(size=Type.SMALL)
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
        head = QHBoxLayout()
        head.addWidget(self._heading, 1)
        head.addWidget(self.kind)
        grid.addLayout(head, 0, 0, 1, 3)
        grid.addWidget(self.host, 1, 0)
        grid.addWidget(security, 1, 1)
        grid.addWidget(self.port, 1, 2)
        grid.addWidget(self.username, 2, 0, 1, 3)
        told = QHBoxLayout()
        told.setSpacing(Space.SMALL)
        told.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        told.addWidget(self.reached, 1)
        grid.addLayout(told, 3, 0, 1, 3)
        grid.setColumnStretch(0, 1)
        self.security.currentIndexChanged.connect(self._follow_security)
        for field in (self.host, self.port, self.username):
            field.edit.textEdited.connect(lambda _text: self._touch())
            field.edit.editingFinished.connect(lambda field=field: self._left(field))
            field.changed.connect(lambda _text: self._forget_reached())
        for choice in (self.kind, self.security):
            choice.activated.connect(lambda _index: self._touch())
        self._forget_reached()

    def _touch(self) -> None:
        """Only what the person typed or chose is tried, nothing that we proposed."""
        self._touched = True

    def _follow_kind(self) -> None:
        """IMAP or POP3: the standard port goes along."""
        before = {STANDARD_PORTS[self.protocol, kind] for kind in _SECURITY}
        self.protocol = Protocol(self.kind.currentData())
        if parse_port(self.port.text) in before:
            self.port.edit.setText(str(STANDARD_PORTS[self.protocol, self._kind()]))
        self.settled.emit()

    def _left(self, field: Field) -> None:
        """The keyboard left a field: say at once what is wrong with it, or try the server."""
        if field.text.strip():
            self.check(only=field)
        self.settled.emit()

    def _forget_reached(self) -> None:
        """What is known about a server holds for what was typed then."""
        if self._reached_server is None or self.server() != self._reached_server:
            self._reached_server = None
            self.sign.hide()
            self.reached.hide()

    def to_reach(self) -> ServerSettings | None:
        """The server that should be tried now; None where nothing new was typed."""
        server = self.server()
        if server is None or server == self._reached_server or not self._touched:
            return None
        self._reached_server = server
        self._tell_reached(StatusLight.WORKING, _("Trying {host} …").format(host=server.host))
        return server

    def show_reached(self, server: ServerSettings, end: JobEnd) -> None:
        """What came of it; only a word of advice, the person may be right all the same."""
        if server != self._reached_server or server != self.server():
            return
        from mailsetup.assistant.run_options import NotAsked
        from mailsetup.assistant.technician_options import TechnicianOptionFailure

        if isinstance(end.value, Finding):
            from mailsetup.diagnosis.catalogue import explain

            self._tell_reached(StatusLight.WARN, explain(end.value).title)
        elif isinstance(end.value, TechnicianOptionFailure):
            self._tell_reached(StatusLight.WARN, end.value.sentence)
        elif isinstance(end.value, NotAsked):
            self._tell_reached(StatusLight.UNKNOWN, _("Not tried: nobody is to be asked."))
        elif end.defect:
            self._forget_reached()
        else:
            self._tell_reached(StatusLight.OK, _("{host} answers.").format(host=server.host))
        announce(self, self.reached.text())

    def _tell_reached(self, light: StatusLight, text: str) -> None:
        self.sign.set_light(light)
        self.reached.setText(text)
        self.sign.show()
        self.reached.show()

    def _follow_security(self) -> None:
        """A standard port follows the security; a special one is the person's."""
        standard = {STANDARD_PORTS[self.protocol, kind] for kind in _SECURITY}
        self.settled.emit()
        if parse_port(self.port.text) in standard or not self.port.text:
            self.port.edit.setText(str(STANDARD_PORTS[self.protocol, self._kind()]))

    def _kind(self) -> SocketType:
        return SocketType(self.security.currentData())

    def show_server(self, server: ServerSettings) -> None:
        """Fill the form; what is shown by us is not tried, only what is typed."""
        self.blockSignals(True)
        if server.protocol in _KINDS:
            self.kind.setCurrentIndex(_KINDS.index(server.protocol))
        self.host.edit.setText(server.host)
        known = server.security if server.security in _SECURITY else SocketType.TLS
        self.security.setCurrentIndex(_SECURITY.index(known))
        self.port.edit.setText(str(server.port))
        self.username.edit.setText(server.username)
        self.blockSignals(False)
        self._touched = False

    def propose(self) -> None:
        """What is shown is a guess, which is tried like what is typed."""
        self._touched = True

    def check(self, only: Field | None = None) -> bool:
        """Say at each field, or at one, what is wrong with it."""
        for field, fault in (
            (self.host, self._host_fault()),
            (self.port, "" if parse_port(self.port.text) else _("1 to 65535")),
            (self.username, self._name_fault()),
        ):
            if only is None or only is field:
                field.set_fault(fault)
        return not any(field.fault.text() for field in (self.host, self.port, self.username))

    def _host_fault(self) -> str:
        if parse_host(self.host.text, typed=True):
            return ""
        if "@" in self.host.text:
            return _("That is an address. A server's name has no @, such as mail.company.com.")
        return _("Write the server's name, such as mail.company.com.")

    def _name_fault(self) -> str:
        name = self.username.text.strip()
        if has_control(name):
            return _("There are invisible characters in it. Type it by hand.")
        return "" if name else _("Usually the whole e-mail address.")

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
        self._reached_server = None
        self._forget_reached()
        self.kind.setAccessibleName(f"{purpose}: {_('kind of server')}")
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
        self.column.addWidget(self._lead)
        for form in (self.incoming, self.outgoing):
            self.column.addWidget(form)
            self.column.addSpacing(Space.TINY)
        self._question = Notice()
        self._domains = PlainLabel(role="domain", size=Type.LARGE, bold=True)
        self._reason = PlainLabel()
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(self._agreed)
        for line in (self._domains, self._reason, self.agree):
            self._question.add(line)
        self.column.addWidget(self._question)
        self.column.addStretch(1)
        for form in (self.incoming, self.outgoing):
            form.settled.connect(lambda: self.wanted.emit(Request.REACH_SERVERS))
            for field in (form.host, form.port, form.username):
                field.changed.connect(lambda _text: self._check_if_faulty())
            form.host.changed.connect(lambda _text: self._show_question())
        self.retranslate()

    def enter(self) -> None:
        """Begin with what is known, or with the likeliest names."""
        account = self.session.account or self._proposed()
        if account is not None:
            self.incoming.show_server(account.incoming)
            self.outgoing.show_server(account.outgoing)
        self._tell()
        self._show_question()
        discovery = self.session.discovery
        if self.session.account is None and discovery is not None and discovery.settings is None:
            # The search has asked there already: the person sees at once that it is only a guess.
            for form in (self.incoming, self.outgoing):
                form.propose()
            QTimer.singleShot(0, self, lambda: self.wanted.emit(Request.REACH_SERVERS))

    def to_reach(self) -> list[ServerSettings]:
        """The servers that were newly typed."""
        if self.isHidden():
            return []
        asked = (form.to_reach() for form in (self.incoming, self.outgoing))
        return [server for server in asked if server is not None]

    def show_reached(self, server: ServerSettings, end: JobEnd) -> None:
        """What came of trying a server."""
        for form in (self.incoming, self.outgoing):
            form.show_reached(server, end)

    def _proposed(self) -> Account | None:
        from mailsetup.assistant.account_choice import choose_account

        address = self.session.address
        if address is None:
            return None
        found = self.session.discovery.settings if self.session.discovery else None
        guess = ServerSettings(
            Protocol.IMAP, f"mail.{address.domain}", 993, SocketType.TLS, address.ascii
        )
        likely = choose_account(found, address) if found else None
        if likely is not None:
            return replace(likely, person=self.session.person)
        incoming = next(iter(found.incoming) if found else iter(()), guess)
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

    def _typed_hosts(self) -> list[str]:
        hosts = (parse_host(form.host.text, typed=True) for form in (self.incoming, self.outgoing))
        return [host for host in hosts if host is not None]

    def _show_question(self) -> None:
        """A company that was found and that nobody proves is asked about here, too."""
        unproven = self.session.unproven_of(self._typed_hosts())
        self._domains.setText("\n".join(map(domain_shown, unproven)))
        self._reason.setText(unproven_sentence())
        self.agree.setText(_("Yes, I know it: it keeps my mail"))
        self.agree.blockSignals(True)
        self.agree.setChecked(set(unproven) <= set(self.session.agreed_to))
        self.agree.blockSignals(False)
        self._question.setVisible(bool(unproven))
        self.changed.emit()

    def _agreed(self, agreed: bool) -> None:
        unproven = self.session.unproven_of(self._typed_hosts())
        kept = tuple(one for one in self.session.agreed_to if one not in unproven)
        self.session.agreed_to = (*kept, *unproven) if agreed else kept
        self.changed.emit()

    def is_ready(self) -> bool:
        """Not before the person agreed to whoever was found and is proven by nobody."""
        return not self.session.to_agree_of(self._typed_hosts())

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
        self._show_question()
