"""The result of the check: what works, or which link is broken and what to do."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.evidence import evidence_rows
from mailsetup.assistant.texts.verdict import headline
from mailsetup.diagnosis.catalogue import explain
from mailsetup.gui.bridge import Defect
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space, Type
from mailsetup.gui.widgets.basic import (
    Foldable,
    LinkButton,
    Notice,
    PlainLabel,
    action_button,
    announce,
    with_button,
)
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.i18n import _
from mailsetup.i18n.numbers import seconds
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.headline import Headline
from mailsetup.model.settings import ServerSettings
from mailsetup.model.text import plain

_SIGN_IN_HELPS: Final = frozenset(
    {
        FindingId.ACCOUNT_LOGIN_OAUTH_NEEDED,
        FindingId.ACCOUNT_LOGIN_SIGN_IN_REFUSED,
        FindingId.ACCOUNT_LOGIN_SIGN_IN_EXPIRED,
        FindingId.ACCOUNT_LOGIN_WRONG_ACCOUNT,
        FindingId.ACCOUNT_LOGIN_SCOPE_MISSING,
    }
)
"""Findings that signing in (again) with the browser may fix."""
_SERVERS_HELP: Final = ("hosting.server.", "hosting.tls.", "hosting.starttls.", "hosting.login.")
"""Prefixes of findings that other servers may fix."""
_SELECTABLE = (
    Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
)


class ResultPage(PageView):
    """The verdict, the most helpful action first, details folded."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.moment = PlainLabel(role="ok", size=Type.LARGE, bold=True)
        self.status_icon = self.add_status_icon(self.moment)
        self.chain = ChainView()
        self.lead = PlainLabel(role="muted")
        self.sentence = PlainLabel(size=Type.LARGE, bold=True)
        self.advice = PlainLabel()
        self._who = PlainLabel(role="muted")
        self.proof = StepList()
        self._notes = PlainLabel(role="muted")
        self._other_findings = PlainLabel()
        self._message_title, self._message = PlainLabel(bold=True), PlainLabel()
        self._message.setTextInteractionFlags(_SELECTABLE)
        self.copy = action_button(on_click=self._copy_message)
        self.message = Notice(with_button(self._message_title, self.copy), self._message)
        """What to write to the one who has to act."""
        self._saved = PlainLabel(role="muted")
        self.details = Foldable()
        quiet = self._make_actions()
        self.add_to_column(
            self.chain,
            self.lead,
            self.sentence,
            self.advice,
            self._who,
            self._remedy_row,
            self.message,
            self.proof,
            self._notes,
            self._other_findings,
            quiet,
            self._saved,
            self.details,
        )
        self.services.reports.report_saved.connect(self._report_saved)
        self.retranslate()

    def _make_actions(self) -> QWidget:
        """The remedies; returns the row of the other actions."""
        self.again = self.move_link(Move.AGAIN)
        self.other_password = self.move_button(Move.PASSWORD)
        self.servers = self.move_button(Move.MANUAL)
        self.other_servers = self.move_link(Move.MANUAL)
        """The same action where it does not help most."""
        self.use_name = action_button(on_click=self._use_name)
        self.short_name = action_button(on_click=self._use_short_name)
        self.with_second = self.move_button(Move.SECOND)
        self.save_report = LinkButton(on_click=self._save_report)
        self.anyway = self.move_link(Move.NEXT)
        self._remedies = (
            self.use_name,
            self.short_name,
            self.with_second,
            self.other_password,
            self.servers,
        )
        self._remedy_row = wrapping_row(*self._remedies)
        return wrapping_row(
            self.again, self.other_servers, self.anyway, self.save_report, apart=Space.LARGE
        )

    def enter(self) -> None:
        """Show the report."""
        self._show()

    @property
    def _cause(self) -> Finding | None:
        report = self.state.check.report
        return report.to_act_on if report is not None else None

    @property
    def _needs_second(self) -> bool:
        report = self.state.check.report
        return report is not None and report.needs_second_mailbox

    def _show(self) -> None:
        self._saved.hide()
        self.chain.reset()
        report = self.state.check.report
        shown = self._headline()
        for link, status in report.chain if report is not None else ():
            self.chain.set_status(link, status)
        is_verdict_good = report is not None and not shown.finding_id
        self.status_icon.set_light(StatusLight(shown.status))
        self.title.setText(shown.title)
        self.lead.show_text(shown.answer)
        self.sentence.setText(shown.sentence)
        advice = shown.advice
        if is_verdict_good and not self._needs_second:
            advice = _("Now choose the program that you want to use.")
        self.advice.show_text(advice)
        self._who.setText(shown.who)
        self._who.setVisible(bool(shown.who))
        self._message.setText("\n".join(shown.request))
        self.message.setVisible(bool(shown.request))
        self.copy.setText(_("&Copy"))
        self._show_moment(visible=is_verdict_good)
        # Where something is broken, the chain shows what works.
        proof = shown.proof if is_verdict_good else ()
        self.proof.show_steps([ProgressStep(line, StatusLight.OK) for line in proof])
        notes = [*shown.notes, *filter(None, [self.state.second.problem])]
        self._notes.show_text("\n".join(notes))
        self._show_others()
        self._show_actions()
        self.details.fill(self._details())
        self.changed.emit()

    def _headline(self) -> Headline:
        if self.state.check.report is not None:
            return headline(self.state.check.report, datetime.now().astimezone())
        return Headline(
            Status.UNKNOWN,
            _("The test could not be finished"),
            Defect(self.state.check.defect).sentence,
            _("Please try again. If it happens again, report it to us."),
        )

    def _show_actions(self) -> None:
        report, cause = self.state.check.report, self._cause
        healthy = report is not None and report.is_healthy
        unseen = self._needs_second and cause is None
        first = self.primary_move()
        self.with_second.setVisible(self._needs_second and not unseen)
        self.save_report.setVisible(report is not None)
        self.again.setVisible((not healthy or cause is not None) and first is not Move.AGAIN)
        self.other_password.setVisible(
            cause is not None
            and cause.id.startswith("account.login")
            and first not in (Move.PASSWORD, Move.SIGN_IN)
        )
        self.anyway.setVisible(report is not None and (not healthy or unseen))
        helps = cause is not None and cause.id.startswith(_SERVERS_HELP)
        self.servers.setVisible(helps)
        self.other_servers.setVisible(not healthy and not helps)
        self.use_name.setVisible(bool(self._proven_name()))
        self.short_name.setVisible(bool(self._short_name()))
        self._name_remedies()
        self._remedy_row.setVisible(any(not button.isHidden() for button in self._remedies))

    def _show_others(self) -> None:
        report = self.state.check.report
        others = [explain(one) for one in report.others] if report is not None else []
        self._other_findings.show_text("\n".join(f"•  {one.title} {one.advice}" for one in others))

    def _name_remedies(self) -> None:
        self.use_name.setText(_("&Use {name}").format(name=self._proven_name()))
        # A doubled ampersand is shown as one and marks no mnemonic.
        name = plain(self._short_name(), 60).replace("&", "&&")
        self.short_name.setText(_("&Try the user name “{name}”").format(name=name))

    def _proven_name(self) -> str:
        """The server's name that its certificate proves, where the account has another one."""
        name = self._cause.evidence.get("proven_name", "") if self._cause else ""
        return str(name)

    def _use_name(self) -> None:
        """Replace the host name that the certificate does not contain by the proven one."""
        account, cause = self.state.servers.account, self._cause
        if account is None or cause is None:
            return
        asked, name = str(cause.facts.get("host", "")), self._proven_name()

        def renamed(server: ServerSettings) -> ServerSettings:
            return replace(server, host=name) if server.host == asked else server

        account = replace(
            account, incoming=renamed(account.incoming), outgoing=renamed(account.outgoing)
        )
        # The user chose it by name, as if it had been typed.
        self.state.servers = replace(self.state.servers, account=account, typed=True)
        self.moved.emit(Move.AGAIN)

    def _short_name(self) -> str:
        """The part before the @, once, where the whole address was refused as user name."""
        account, cause = self.state.servers.account, self._cause
        if account is None or cause is None or self.state.servers.login_refused:
            return ""
        whole = account.incoming.username == account.address.ascii
        refused = cause.id == FindingId.ACCOUNT_LOGIN_REFUSED
        return account.address.local if refused and whole else ""

    def _use_short_name(self) -> None:
        account, name = self.state.servers.account, self._short_name()
        if account is None or not name:
            return
        account = replace(
            account,
            incoming=replace(account.incoming, username=name),
            outgoing=replace(account.outgoing, username=name),
        )
        self.state.servers = replace(self.state.servers, account=account, login_refused=True)
        self.moved.emit(Move.AGAIN)

    def _show_moment(self, *, visible: bool) -> None:
        """Success in large letters: how long the message took."""
        report = self.state.check.report
        trip = report.round_trip if report is not None else None
        self.moment.setVisible(visible and trip is not None)
        if trip is not None:
            taken = seconds(trip.sent_ms + trip.arrived_ms)
            self.moment.setText(
                _("Your message went out and was back in {time}.").format(time=taken)
            )

    def _details(self) -> list[str]:
        report = self.state.check.report
        lines: list[str] = []
        for finding in report.findings if report else ():
            lines.append(finding.id)
            lines += [f"    {label}: {value}" for label, value in evidence_rows(finding)]
        return lines

    def _save_report(self) -> None:
        address = self.state.owner.address
        if address is None or not self.services.reports.can_save:
            return
        proposed = f"{address.ascii}.pdf".replace("@", "-")
        name = self.services.dialogs.new_file(self.window(), proposed)
        if name:
            self.services.reports.save_report(Path(name))

    def _report_saved(self, sentence: str) -> None:
        self._saved.setText(sentence)
        self._saved.show()
        announce(self, sentence)

    def _copy_message(self) -> None:
        QGuiApplication.clipboard().setText(self._message.text())
        self.copy.setText(_("Copied"))
        announce(self, self.copy.text())

    def is_ready(self) -> bool:
        """Always: every result has an action."""
        return True

    def primary_move(self) -> Move:
        """What helps most: the program, another password, or another check."""
        report = self.state.check.report
        cause = self._cause
        if report is not None and report.is_healthy:
            return Move.SECOND if self._needs_second and cause is None else Move.NEXT
        if cause is not None and cause.id in _SIGN_IN_HELPS:
            return Move.SIGN_IN
        return Move.PASSWORD if self.state.check.password_was_refused else Move.AGAIN

    def primary_text(self) -> str:
        """The button for `primary_move`."""
        match self.primary_move():
            case Move.NEXT:
                return _("Choose my program")
            case Move.PASSWORD:
                return _("Type the password again")
            case Move.SECOND:
                return _("Repeat with a second mailbox")
            case Move.SIGN_IN:
                return _("Sign in in the browser")
            case _:
                return _("Test again")

    def can_be_cancelled(self) -> bool:
        """Not where everything works."""
        return self.primary_move() is not Move.NEXT

    def announcement(self) -> str:
        """The verdict."""
        moment = self.moment.text() if not self.moment.isHidden() else ""
        return f"{self.title.text()}. {moment} {self.sentence.text()} {self.chain.summary}"

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.again.setText(_("Test &again"))
        self.anyway.setText(_("Set up my program all the same"))
        self.other_password.setText(_("Change the &password"))
        self.servers.setText(_("Change the &servers"))
        self.other_servers.setText(_("Change the &servers"))
        self.save_report.setText(_("Save &report …"))
        self.with_second.setText(_("Repeat with a second &mailbox"))
        self._message_title.setText(_("You can write this to them:"))
        self.copy.setAccessibleName(_("Copy the message"))
        self.details.set_texts(_("Show details for a technician"), _("Hide the details"))
        self.chain.retranslate()
        self._show()
