"""``mailsetup --demo`` without a screen: the window's steps, walked in the terminal."""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from mailsetup.cli.main import BROKEN, DEFECT, DONE
from mailsetup.i18n import _

if TYPE_CHECKING:
    from mailsetup.apply.installation import Computer
    from mailsetup.assistant.service import Assistant
    from mailsetup.demo.accounts import DemoAccount
    from mailsetup.demo.mail_system import DemoMailSystem
    from mailsetup.model.settings import Account


def walk(world: "DemoMailSystem", out: TextIO) -> int:
    """Every address of the demo once: found, tested, judged; the first one is also exported."""
    from mailsetup.assistant.texts.common import demo_note
    from mailsetup.demo.assistant import demo_assistant

    assistant = demo_assistant(world)
    healthy = 0
    for account in world.accounts:
        out.write(f"── {account.address}\n")
        out.write(f"   {_(account.story)}\n")
        out.flush()
        status = asyncio.run(_walked(assistant, account, world.computer, out))
        healthy += status == DONE
        out.write("\n")
    out.write(_("That was the demo. Nothing left this computer.") + "\n")
    out.write(demo_note(world.computer.home) + "\n")
    return DONE if healthy else DEFECT


async def _walked(
    assistant: "Assistant", account: "DemoAccount", computer: "Computer", out: TextIO
) -> int:
    try:
        return await _one(assistant, account, computer, out)
    finally:
        await assistant.close()


async def _one(
    assistant: "Assistant", account: "DemoAccount", computer: "Computer", out: TextIO
) -> int:
    from mailsetup.apply.targets import TARGETS
    from mailsetup.assistant.account_choice import alternatives_to, choose_account
    from mailsetup.assistant.check.request import CheckRequest
    from mailsetup.cli import check_text, text
    from mailsetup.export.exporter import ExportFailure
    from mailsetup.model.address import EmailAddress
    from mailsetup.model.secret import Secret

    address = EmailAddress.parse(account.address)
    if not isinstance(address, EmailAddress):
        return DEFECT
    discovery = await assistant.discover(address)
    if discovery.settings is None:
        verdict = await assistant.explain_absence(address, discovery)
        check_text.write_nothing_found(address, discovery, verdict, out)
        return BROKEN
    text.write_discovery(discovery, out)
    if discovery.confirm:
        text.write_confirmation(discovery, out)
        out.write(_("In the demo you agree to that.") + "\n")
    chosen = choose_account(discovery.settings, address, account.person)
    if chosen is None:
        return DEFECT
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
    if not report.is_healthy:
        return BROKEN
    for program in TARGETS:
        artifact = program.exporter.export(report.account)
        if not isinstance(artifact, ExportFailure):
            files = ", ".join(file.name for file in artifact.files) or _("a guide")
            out.write(
                _("Ready for {program}: {files}").format(program=_(program.title), files=files)
                + "\n"
            )
    _set_up(report.account, computer, out)
    return DONE


def _set_up(account: "Account", computer: "Computer", out: TextIO) -> None:
    """Put the account into the programs that are installed here, in the demo's own home."""
    from mailsetup.apply import texts
    from mailsetup.apply.applier import ApplyRequest
    from mailsetup.apply.result import ApplyFailure
    from mailsetup.apply.targets import TARGETS

    for target in TARGETS:
        if target.load_applier is not None and target.is_installed(computer):
            done = target.load_applier().apply(ApplyRequest(account), computer)
            if not isinstance(done, ApplyFailure):
                lines = texts.lines(done, _(target.title), account.address)
                out.writelines(f"{line}\n" for line in lines)
