"""The form for one server, checked while it is typed."""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from mailsetup.assistant.texts.common import protocol_purpose, security_name
from mailsetup.gui.bridge import Defect, JobEnd
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Field, PlainLabel, announce, without_margins
from mailsetup.gui.widgets.status_icon import StatusIcon, StatusLight
from mailsetup.i18n import _
from mailsetup.model.hostname import parse_host, parse_port
from mailsetup.model.settings import STANDARD_PORTS, Protocol, ServerSettings, SocketType
from mailsetup.model.text import has_control

if TYPE_CHECKING:
    from mailsetup.gui.worker.reach import Reachability

_KINDS: Final = (Protocol.IMAP, Protocol.POP3)
_SECURITY: Final = (SocketType.TLS, SocketType.STARTTLS)


class ServerForm(QWidget):
    """Host, port and encryption in a row, the user name below."""

    settled = Signal()
    """The user finished typing a field."""

    def __init__(self, protocol: Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self._tried: ServerSettings | None = None
        self._touched = False
        self.kind = QComboBox()
        for known in _KINDS:
            self.kind.addItem(known.upper(), known)
        self.kind.setVisible(protocol in _KINDS)
        self.kind.currentIndexChanged.connect(self._follow_kind)
        self.status_icon = StatusIcon()
        self.reachability = PlainLabel(size=Type.SMALL)
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
        self.username = Field()
        self._make_layout()
        self._connect()
        self._forget_answer()

    def _make_layout(self) -> None:
        security = QWidget()
        column = without_margins(QVBoxLayout(security), Space.TINY)
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
        answer = QHBoxLayout()
        answer.setSpacing(Space.SMALL)
        answer.addWidget(self.status_icon, 0, Qt.AlignmentFlag.AlignTop)
        answer.addWidget(self.reachability, 1)
        grid.addLayout(answer, 3, 0, 1, 3)
        grid.setColumnStretch(0, 1)

    def _connect(self) -> None:
        self.security.currentIndexChanged.connect(self._follow_security)
        for field in (self.host, self.port, self.username):
            field.edit.textEdited.connect(lambda _text: self._touch())
            field.edit.editingFinished.connect(lambda field=field: self._left(field))
            field.changed.connect(lambda _text: self._forget_answer())
        for choice in (self.kind, self.security):
            choice.activated.connect(lambda _index: self._touch())

    def _touch(self) -> None:
        """Only what the user typed or chose is tried, nothing that was proposed."""
        self._touched = True

    def _follow_kind(self) -> None:
        """IMAP or POP3: change a standard port, too."""
        before = {STANDARD_PORTS[self.protocol, kind] for kind in _SECURITY}
        self.protocol = Protocol(self.kind.currentData())
        if parse_port(self.port.text) in before:
            self.port.edit.setText(str(STANDARD_PORTS[self.protocol, self._kind()]))
        self.settled.emit()

    def _left(self, field: Field) -> None:
        """The field lost the focus: show what is wrong with it, or try the server."""
        if field.text.strip():
            self.check(only=field)
        self.settled.emit()

    def _forget_answer(self) -> None:
        """What is known about a server is void after a change."""
        if self._tried is None or self.server() != self._tried:
            self._tried = None
            self.status_icon.hide()
            self.reachability.hide()

    def to_try(self) -> ServerSettings | None:
        """The server that should be tried now; None where nothing new was typed."""
        server = self.server()
        if server is None or server == self._tried or not self._touched:
            return None
        self._tried = server
        self._show_light(StatusLight.WORKING, _("Trying {host} …").format(host=server.host))
        return server

    def show_answer(self, server: ServerSettings, end: "JobEnd[Reachability]") -> None:
        """Show whether a server answers; a hint only, the user may be right all the same."""
        if server != self._tried or server != self.server():
            return
        if isinstance(end, Defect):
            self._forget_answer()
        else:
            self._show_light(StatusLight(end.status), end.sentence)
        announce(self, self.reachability.text())

    def _show_light(self, light: StatusLight, text: str) -> None:
        self.status_icon.set_light(light)
        self.reachability.setText(text)
        self.status_icon.show()
        self.reachability.show()

    def _follow_security(self) -> None:
        """A standard port follows the encryption; another one is the user's choice."""
        standard = {STANDARD_PORTS[self.protocol, kind] for kind in _SECURITY}
        self.settled.emit()
        if parse_port(self.port.text) in standard or not self.port.text:
            self.port.edit.setText(str(STANDARD_PORTS[self.protocol, self._kind()]))

    def _kind(self) -> SocketType:
        return SocketType(self.security.currentData())

    def show_server(self, server: ServerSettings) -> None:
        """Fill the form with a server that need not be tried."""
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
        """The shown server is a guess, which is tried like what is typed."""
        self._touched = True

    def check(self, only: Field | None = None) -> bool:
        """Show at each field, or at one, what is wrong with it."""
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
        self._tried = None
        self._forget_answer()
        self.kind.setAccessibleName(f"{purpose}: {_('kind of server')}")
        for field in (self.host, self.port):
            field.edit.setAccessibleName(f"{purpose}: {field.edit.accessibleName()}")
        plain_label = self._security_label.text().replace("&", "")
        self.security.setAccessibleName(f"{purpose}: {plain_label}")
        self.username.set_label(_("&User name") if incoming else _("User na&me"))
        self.username.edit.setAccessibleName(f"{purpose}: {self.username.edit.accessibleName()}")
        for index, kind in enumerate(_SECURITY):
            self.security.setItemText(index, security_name(kind))
