"""``mailsetup --demo`` without a display: the steps of the window, printed on the terminal."""

import asyncio
from datetime import datetime
from typing import TextIO

from mailsetup.apply import texts
from mailsetup.apply.applier import ApplyRequest
from mailsetup.apply.installation import Computer
from mailsetup.apply.result import ApplyFailure
from mailsetup.apply.targets import TARGETS
from mailsetup.assistant.account_choice import alternatives_to, choose_account
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.texts.common import demo_note
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
        working = await _check(assistant, account, out)
    finally:
        await assistant.close()
    if working is None:
        return False
    for program in TARGETS:
        artifact = program.exporter.export(working)
        if not isinstance(artifact, ExportFailure):
            files = ", ".join(file.name for file in artifact.files) or _("a guide")
            line = _("Ready for {program}: {files}")
            out.write(line.format(program=_(program.title), files=files) + "\n")
    _apply(working, computer, out)
    return True


async def _check(assistant: Assistant, account: DemoAccount, out: TextIO) -> Account | None:
    """Print search and check; the account where it works."""
    address = EmailAddress.parse(account.address)
    if not isinstance(address, EmailAddress):
        return None
    discovery = await assistant.discover(address)
    if discovery.settings is None:
        verdict = await assistant.explain_absence(address, discovery)
        check_text.write_nothing_found(address, discovery, verdict, out)
        return None
    text.write_discovery(discovery, out)
    if discovery.confirm:
        text.write_confirmation(discovery, out)
        out.write(_("In the demo you agree to that.") + "\n")
    chosen = choose_account(discovery.settings, address, account.person)
    if chosen is None:
        return None
    report = await assistant.check(
        CheckRequest(
            account=chosen,
            secret=Secret(account.password),
            alternatives=alternatives_to(chosen, discovery.settings),
            discovery=discovery,
            agreed=discovery.confirm,
            wait=20.0,
        )
    )
    check_text.write_report(report, datetime.now().astimezone(), out)
    return report.account if report.is_healthy else None


def _apply(account: Account, computer: Computer, out: TextIO) -> None:
    """Put the account into the installed programs, in the home directory of the demo."""
    for target in TARGETS:
        if target.load_applier is not None and target.is_installed(computer):
            applied = target.load_applier().apply(ApplyRequest(account), computer)
            if not isinstance(applied, ApplyFailure):
                lines = texts.lines(applied, _(target.title), account.address)
                out.writelines(f"{line}\n" for line in lines)
