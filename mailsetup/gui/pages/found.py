"""The servers that were found, their source, and what the user has to agree to."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.assistant.account_choice import (
    choose_account,
    password_domains,
    settings_domains,
)
from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import (
    authentication_name,
    domain_shown,
    protocol_purpose,
    server_sentence,
    service_sentence,
)
from mailsetup.assistant.texts.search import (
    alias_sentence,
    hint_sentence,
    provider_words,
    source_sentence,
    unproven_sentence,
)
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import (
    Foldable,
    LinkButton,
    Notice,
    PlainLabel,
    clear,
    without_margins,
)
from mailsetup.gui.widgets.password_entry import PasswordEntry, password_goes_to
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.model.discovery import Discovery
    from mailsetup.model.settings import Account


class FoundPage(PageView):
    """The result of the search."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.status_icon = self.add_status_icon()
        self._where = PlainLabel()
        self.domains = PlainLabel(role="domain", size=Type.TITLE, bold=True)
        self._source = PlainLabel(role="muted")
        self._aliases = PlainLabel()
        self._reason = PlainLabel()
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(self._agreed)
        self._question = Notice(self._reason, self.agree)
        self._hints = QWidget()
        without_margins(QVBoxLayout(self._hints))
        self.entry = PasswordEntry()
        """For the password, where nothing has to be explained before it."""
        self.entry.changed.connect(self.changed)
        self._sent_to = PlainLabel(role="muted", size=Type.SMALL)
        self.keep = WrappingCheckBox()
        self.keep.toggled.connect(self._keep)
        self.details = Foldable()
        self.edit = self.move_link(Move.MANUAL)
        self.column.setSpacing(Space.MEDIUM)
        self.add_to_column(
            self._where,
            self.domains,
            self._source,
            self._aliases,
            self._question,
            self._hints,
            self.entry,
            self._sent_to,
            self.keep,
            self.details,
            self.edit,
        )
        services.keyring.known.connect(self.retranslate)
        self.retranslate()

    def enter(self) -> None:
        """Show the discovery: from here on it is used, and not what was entered by hand."""
        self.state.servers = replace(self.state.servers, typed=False)
        confirm = self.state.search.discovery.confirm if self.state.search.discovery else ()
        self.agree.setChecked(bool(confirm) and not self.state.search.to_agree)
        self.entry.set_text(self.state.credentials.password)
        self.keep.setChecked(self.state.credentials.keep)
        self._show()

    def start_jobs(self) -> None:
        """Ask whether there is a keyring."""
        self.services.keyring.ask()

    def _show(self) -> None:
        discovery = self.state.search.discovery
        settings = discovery.settings if discovery else None
        asks = discovery is not None and bool(discovery.confirm)
        self.title.setText(_("Do you know this company?") if asks else _("Found"))
        if discovery is None:
            return
        for widget in (self._hints, self.details, self._aliases):
            widget.setVisible(settings is not None)
        self._show_entry()
        if settings is None:
            self._show_company(discovery)
            return
        self._where.setText(_("Your mail is kept at"))
        self.domains.setText("\n".join(map(domain_shown, settings_domains(discovery))))
        self._aliases.show_text("\n".join(map(alias_sentence, settings.aliases)))
        self._source.setText(source_sentence(discovery.source) if discovery.source else "")
        self._question.setVisible(bool(discovery.confirm))
        self.status_icon.set_light(StatusLight.WARN if discovery.confirm else StatusLight.OK)
        self._reason.setText(unproven_sentence())
        self.agree.setText(_("Yes, I know it: it keeps my mail"))
        clear(self._hints)
        layout = self._hints.layout()
        for hint in settings.hints:
            if layout is not None:
                words = f"{hint_sentence(hint)} {provider_words(hint)}".rstrip()
                layout.addWidget(PlainLabel(words))
                if hint.url.startswith("https://"):
                    layout.addWidget(LinkButton(_("Show how on the provider's page"), hint.url))
        self._hints.setVisible(bool(settings.hints))
        lines = [plain(settings.provider, 60)] if settings.provider else []
        lines += [
            f"{protocol_purpose(server.protocol)} ({server.protocol.upper()}): "
            f"{server_sentence(server)}, "
            f"{_('user name {name}').format(name=plain(server.username, 120))}, "
            f"{', '.join(authentication_name(kind) for kind in server.authentication)}"
            for server in settings.servers
        ]
        lines += map(service_sentence, settings.services)
        if discovery.source is not None:
            lines.append(plain(discovery.source.location, 200))
        self.details.fill(lines)
        self.changed.emit()

    def _show_company(self, discovery: "Discovery") -> None:
        """No settings yet: the company that the domain refers to is asked only after agreement."""
        self.status_icon.set_light(StatusLight.WARN)
        self._where.setText(_("Your domain sends us on to"))
        self.domains.setText("\n".join(map(domain_shown, discovery.confirm)))
        self._source.setText(source_sentence(discovery.source) if discovery.source else "")
        self._question.setVisible(True)
        self._reason.setText(
            _(
                "This company would learn your address and tell us your mail servers. Nobody "
                "proves that it keeps your mail. Go on only if you know the name."
            )
        )
        self.agree.setText(_("Yes, I know it: ask there"))
        self.changed.emit()

    def _account(self) -> "Account | None":
        """The best servers that were found."""
        discovery, address = self.state.search.discovery, self.state.owner.address
        if discovery is None or discovery.settings is None or address is None:
            return None
        return choose_account(discovery.settings, address, self.state.owner.name)

    @property
    def _asks_password(self) -> bool:
        """Whether nothing has to be agreed to, explained or chosen before the password."""
        discovery, account = self.state.search.discovery, self._account()
        return (
            discovery is not None
            and not discovery.confirm
            and account is not None
            and not account.takes_sign_in
            and self.state.hint is None
        )

    def _show_entry(self) -> None:
        asks, account = self._asks_password, self._account()
        self.entry.setVisible(asks)
        self._sent_to.setVisible(asks)
        has_keyring = bool(self.state.computer.keyring) and not self.state.demo.people
        self.keep.setVisible(asks and has_keyring)
        discovery = self.state.search.discovery
        if account is not None and discovery is not None:
            owners = password_domains(account, discovery.settings)
            self._sent_to.setText(password_goes_to(owners))

    def store_typed(self) -> None:
        """The password."""
        if self._asks_password:
            self.state.set_password(self.entry.text)

    def _keep(self, keep: bool) -> None:
        self.state.credentials = replace(self.state.credentials, keep=keep)

    def _agreed(self, agreed: bool) -> None:
        discovery = self.state.search.discovery
        domains = discovery.confirm if agreed and discovery is not None else ()
        self.state.search = replace(self.state.search, agreed=domains)
        self.changed.emit()

    def is_ready(self) -> bool:
        """Not before the user agreed to unproven companies."""
        discovery = self.state.search.discovery
        if discovery is None or (self._asks_password and not self.entry.text):
            return False
        return not self.state.search.to_agree

    def leave(self) -> bool:
        """Choose the best servers."""
        discovery = self.state.search.discovery
        if discovery is None or self.state.owner.address is None:
            return False
        if discovery.settings is None:
            before = (*self.state.search.agreed_before, *discovery.confirm)
            self.state.search = replace(self.state.search, agreed=(), agreed_before=before)
            self.moved.emit(Move.AGAIN)
            return False
        if self._asks_password and not self._store_password():
            return False
        self.state.credentials = replace(self.state.credentials, on_password_page=False)
        self.state.set_account(self._account())
        if self.state.servers.account is None:
            # Only one direction was found: the user enters the other one.
            self.moved.emit(Move.MANUAL)
            return False
        return True

    def _store_password(self) -> bool:
        if not self.entry.check():
            return False
        self.state.set_password(self.entry.text)
        self.state.credentials = replace(self.state.credentials, early=True)
        self.state.sign_in = replace(self.state.sign_in, in_use=False)
        return True

    def primary_text(self) -> str:
        """Go on; the password may have been typed during the search."""
        typed = self._asks_password or self.state.needs_no_password_page
        settled = typed and not self.state.needs_second
        is_complete = settled and not self.state.search.is_without_settings
        return _("Try it out") if is_complete else _("Continue")

    def first_focus(self) -> QWidget | None:
        """The question, where there is one, or the password."""
        if self._asks_password:
            return self.entry.edit
        return self.agree if self._question.isVisibleTo(self) else None

    def announcement(self) -> str:
        """Title and place."""
        return f"{self.title.text()}. {self.domains.text()}"

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.details.set_texts(_("Show the servers"), _("Hide the servers"))
        self.entry.set_label(_("Your mail &password"))
        self.entry.retranslate()
        self.keep.setText(_("&Keep it in this computer's keyring"))
        self.edit.setText(_("Change the servers by hand"))
        self._show()
