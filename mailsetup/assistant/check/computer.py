"""This computer: its network, and the account in its mail programs."""

import asyncio
from collections.abc import Callable

from mailsetup.assistant.check.context import CheckContext
from mailsetup.assistant.check.servers import MailAccess
from mailsetup.diagnosis.checks.computer import check_computer
from mailsetup.diagnosis.checks.network import check_network
from mailsetup.diagnosis.checks.program import check_programs
from mailsetup.diagnosis.guard import guarded
from mailsetup.model.finding import Finding
from mailsetup.model.settings import ProgramAccount
from mailsetup.system.threads import in_thread

ReadPrograms = Callable[[], tuple[ProgramAccount, ...]]
"""Reads the accounts of the mail programs on this computer; blocks."""


async def computer_findings(check: CheckContext, access: MailAccess) -> tuple[Finding, ...]:
    """Whether this computer or its network is why a server was not reached."""
    servers = (access.incoming, access.outgoing)
    failures = [server.failure for server in servers if server.failure is not None]
    if not failures:
        return ()
    parts = [guarded("computer", check_computer(failures, check.net))]
    if not any(server.reached for server in servers):
        parts.append(guarded("network", check_network(check.net)))
    return check.progress.report([one for found in await asyncio.gather(*parts) for one in found])


async def program_findings(
    check: CheckContext, access: MailAccess, read_programs: ReadPrograms
) -> tuple[Finding, ...]:
    """The account in the programs on this computer, once its servers are proven."""
    if not access.is_good:
        return ()
    programs = await in_thread(read_programs)
    account = check.account
    good = (account.incoming, account.outgoing, *check.request.alternatives)
    return check.progress.report(await check_programs(account, good, programs, check.net))
