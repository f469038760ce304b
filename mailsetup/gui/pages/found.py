"""What was found, where it comes from, and what the person has to agree to."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.assistant.flow import Move, Page
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
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import Foldable, LinkButton, Notice, PlainLabel, clear
from mailsetup.gui.widgets.password_entry import PasswordEntry, password_goes_to
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.model.discovery import Discovery
    from mailsetup.model.settings import Account


class FoundPage(PageView):
    """The result of looking."""

    page = Page.FOUND

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sign = self.put_sign_beside_title()
        self._where = PlainLabel()
        self.domains = PlainLabel(role="domain", size=Type.TITLE, bold=True)
        self._source = PlainLabel(role="muted")
        self._aliases = PlainLabel()
        self._question = Notice()
        self._reason = PlainLabel()
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(self._agreed)
        self._question.add(self._reason)
        self._question.add(self.agree)
        self._hints = QWidget()
        QVBoxLayout(self._hints).setContentsMargins(0, 0, 0, 0)
        self.entry = PasswordEntry()
        """Where nothing has to be said about the password, it is asked for here at once."""
        self.entry.changed.connect(self.changed)
        self._sent_to = PlainLabel(role="muted", size=Type.SMALL)
        self.keep = WrappingCheckBox()
        self.keep.toggled.connect(self._keep)
        self.details = Foldable()
        self.edit = LinkButton()
        self.edit.clicked.connect(lambda: self.moved.emit(Move.MANUAL))
        for widget in (
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
        ):
            self.column.addWidget(widget)
        self.column.setSpacing(Space.MEDIUM)
        self.column.addStretch(1)
        self.retranslate()

    def enter(self) -> None:
        """Show the discovery: from here on it counts, and not what was entered by hand."""
        self.session.typed = False
        confirm = self.session.discovery.confirm if self.session.discovery else ()
        self.agree.setChecked(bool(confirm) and self.session.agreed)
        self.entry.set_text(self.session.password)
        self.keep.setChecked(self.session.keep_password)
        self._show()

    def _show(self) -> None:
        from mailsetup.assistant.account_choice import settings_domains

        discovery = self.session.discovery
        settings = discovery.settings if discovery else None
        asks = discovery is not None and bool(discovery.confirm)
        self.title.setText(_("Do you know this company?") if asks else _("Found"))
        if discovery is None:
            return
        for widget in (self._hints, self.details, self._aliases):
            widget.setVisible(settings is not None)
        self._show_entry()
        if settings is None:
            self._ask_whom(discovery)
            return
        self._where.setText(_("Your mail is kept at"))
        self.domains.setText("\n".join(map(domain_shown, settings_domains(discovery))))
        self._aliases.setText("\n".join(map(alias_sentence, settings.aliases)))
        self._aliases.setVisible(bool(settings.aliases))
        self._source.setText(source_sentence(discovery.source) if discovery.source else "")
        self._question.setVisible(bool(discovery.confirm))
        self.sign.set_light(StatusLight.WARN if discovery.confirm else StatusLight.OK)
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

    def _ask_whom(self, discovery: "Discovery") -> None:
        """No settings yet: whom the domain sends us on to is asked only if the person agrees."""
        self.sign.set_light(StatusLight.WARN)
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
        from mailsetup.assistant.account_choice import choose_account

        discovery, address = self.session.discovery, self.session.address
        if discovery is None or discovery.settings is None or address is None:
            return None
        return choose_account(discovery.settings, address, self.session.person)

    @property
    def _asks_password(self) -> bool:
        """Whether there is nothing to agree to, to read or to choose before the password."""
        discovery, account = self.session.discovery, self._account()
        return (
            discovery is not None
            and not discovery.confirm
            and account is not None
            and not account.takes_sign_in
            and self.session.hint is None
        )

    def _show_entry(self) -> None:
        asks, account = self._asks_password, self._account()
        self.entry.setVisible(asks)
        self._sent_to.setVisible(asks)
        self.keep.setVisible(asks and bool(self.session.keyring) and not self.session.demo)
        discovery = self.session.discovery
        if account is not None and discovery is not None:
            from mailsetup.assistant.account_choice import password_domains

            owners = password_domains(account, discovery.settings)
            self._sent_to.setText(password_goes_to(owners))

    def keep_typed(self) -> None:
        """The password."""
        if self._asks_password:
            self.session.take_password(self.entry.text)

    def _keep(self, keep: bool) -> None:
        self.session.keep_password = keep

    def _agreed(self, agreed: bool) -> None:
        discovery = self.session.discovery
        self.session.agreed_to = discovery.confirm if agreed and discovery is not None else ()
        self.changed.emit()

    def is_ready(self) -> bool:
        """Not before the person agreed to what has to be agreed to."""
        discovery = self.session.discovery
        if discovery is None or (self._asks_password and not self.entry.text):
            return False
        return self.session.agreed

    def leave(self) -> bool:
        """Take the best servers."""
        discovery = self.session.discovery
        if discovery is None or self.session.address is None:
            return False
        if discovery.settings is None:
            self.session.agreed_before += discovery.confirm
            self.session.agreed_to = ()
            self.moved.emit(Move.AGAIN)
            return False
        if self._asks_password and not self._take_password():
            return False
        account = self._account()
        if account != self.session.account:
            self.session.forget_result()
            self.session.forget_sign_in()
        self.session.account = account
        if self.session.account is None:
            # Only one direction was found: the other one is for the person to fill in.
            self.moved.emit(Move.MANUAL)
            return False
        return True

    def _take_password(self) -> bool:
        if not self.entry.check():
            return False
        self.session.take_password(self.entry.text)
        self.session.password_early, self.session.by_sign_in = True, False
        return True

    def primary_text(self) -> str:
        """Go on, at once to the test where the password was typed meanwhile."""
        typed = self._asks_password or self.session.needs_no_password_page
        settled = typed and not self.session.needs_second
        asks = self.session.discovery is not None and self.session.discovery.settings is None
        return _("Try it out") if settled and not asks else _("Continue")

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
