"""``mailsetup --demo`` without a display: the steps of the window, printed on the terminal."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TextIO

from mailsetup.apply import texts
from mailsetup.apply.applier import ApplyRequest
from mailsetup.apply.installation import Computer
from mailsetup.apply.result import ApplyFailure
from mailsetup.apply.targets import TARGETS
from mailsetup.assistant.account_choice import alternatives_to, choose_account
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.flow import TRANSIENT, Flow, Move, Page
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.texts.common import demo_note
from mailsetup.assistant.wizard_state import (
    AccountOwner,
    CheckState,
    Search,
    SearchOutcome,
    TypedCredentials,
    WizardState,
)
from mailsetup.cli import check_text, text
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.demo.accounts import DemoAccount
from mailsetup.demo.assistant import demo_assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.export.exporter import ExportFailure
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account


def walk(system: DemoMailSystem, out: TextIO) -> ExitStatus:
    """Find, test and judge every demo address, and export the ones that work."""
    assistant = demo_assistant(system)
    healthy = 0
    for account in system.accounts:
        out.write(f"── {account.address}\n")
        out.write(f"   {_(account.story)}\n")
        out.flush()
        healthy += asyncio.run(_walk_account(assistant, account, system.computer, out))
        out.write("\n")
    out.write(_("That was the demo. Nothing left this computer.") + "\n")
    out.write(demo_note(system.computer.home) + "\n")
    return ExitStatus.DONE if healthy else ExitStatus.FAILED


async def _walk_account(
    assistant: Assistant, account: DemoAccount, computer: Computer, out: TextIO
) -> bool:
    """Whether the account works and was set up."""
    try:
        return await _DemoWalk(assistant, account, computer, out).run()
    finally:
        await assistant.close()


class _DemoWalk:
    """Follows the flow of the window as a user does for whom everything works."""

    def __init__(
        self, assistant: Assistant, account: DemoAccount, computer: Computer, out: TextIO
    ) -> None:
        self._assistant = assistant
        self._account = account
        self._computer = computer
        self._out = out
        self._state = WizardState(owner=AccountOwner(account.person, account.address))
        self._flow = Flow(self._state, Page.START)

    async def run(self) -> bool:
        """Whether the flow reached its last page."""
        steps: Mapping[Page, Callable[[], Awaitable[bool]]] = {
            Page.START: self._enter_address,
            Page.SEARCHING: self._search,
            Page.FOUND: self._choose_servers,
            Page.PASSWORD: self._go_on,
            Page.TESTING: self._check,
            Page.RESULT: self._show_result,
            Page.PROGRAM: self._set_up,
        }
        while (step := steps.get(self._flow.page)) is not None:
            if not await step():
                return False
            self._flow.move(Move.ENDED if self._flow.page in TRANSIENT else Move.NEXT)
        return self._flow.page is Page.DONE

    async def _go_on(self) -> bool:
        return True

    async def _enter_address(self) -> bool:
        address = EmailAddress.parse(self._account.address)
        if not isinstance(address, EmailAddress):
            return False
        self._state.set_address(address)
        self._state.credentials = TypedCredentials(self._account.password, early=True)
        return True

    async def _search(self) -> bool:
        address = self._state.owner.address
        if address is None:
            return False
        found = await self._assistant.discover(address)
        if found.settings is None:
            diagnosis = await self._assistant.explain_absence(address, found)
            check_text.write_nothing_found(address, found, diagnosis, self._out)
            return False
        self._state.search = Search(SearchOutcome.FOUND, discovery=found)
        return True

    async def _choose_servers(self) -> bool:
        found, address = self._state.search.discovery, self._state.owner.address
        if found is None or found.settings is None or address is None:
            return False
        text.write_discovery(found, self._out)
        if found.confirm:
            text.write_confirmation(found, self._out)
            self._out.write(_("In the demo you agree to that.") + "\n")
        self._state.search = replace(self._state.search, agreed=found.confirm)
        self._state.set_account(choose_account(found.settings, address, self._account.person))
        return self._state.servers.account is not None

    async def _check(self) -> bool:
        found, account = self._state.search.discovery, self._state.servers.account
        if found is None or found.settings is None or account is None:
            return False
        request = CheckRequest(
            account=account,
            secret=Secret(self._state.credentials.password),
            alternatives=alternatives_to(account, found.settings),
            discovery=found,
            agreed=self._state.search.agreed,
            wait=20.0,
        )
        self._state.check = CheckState(await self._assistant.check(request))
        return True

    async def _show_result(self) -> bool:
        report = self._state.check.report
        if report is None:
            return False
        check_text.write_report(report, datetime.now().astimezone(), self._out)
        self._state.servers = replace(self._state.servers, account=report.account)
        return report.is_healthy

    async def _set_up(self) -> bool:
        account = self._state.servers.account
        if account is None:
            return False
        for program in TARGETS:
            artifact = program.load_exporter().export(account)
            if not isinstance(artifact, ExportFailure):
                files = ", ".join(file.name for file in artifact.files) or _("a guide")
                line = _("Ready for {program}: {files}")
                line = line.format(program=_(program.title), files=files)
                self._out.write(line + "\n")
        _apply(account, self._computer, self._out)
        return True


def _apply(account: Account, computer: Computer, out: TextIO) -> None:
    """Put the account into the installed programs, in the home directory of the demo."""
    for target in TARGETS:
        if target.load_applier is not None and target.is_installed(computer):
            applied = target.load_applier().apply(ApplyRequest(account), computer)
            if not isinstance(applied, ApplyFailure):
                lines = texts.lines(applied, _(target.title), account.address)
                out.writelines(f"{line}\n" for line in lines)
