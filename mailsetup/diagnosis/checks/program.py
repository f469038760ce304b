"""The mail program on this computer: does it have the settings that were seen to work?"""

import asyncio
from collections.abc import Sequence

from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import (
    Account,
    ProgramAccount,
    ServerSettings,
    SocketType,
)
from mailsetup.net.dial import ConnectFailure
from mailsetup.net.network import Network
from mailsetup.net.public_suffix import owned_domain

_TIMEOUT = 6.0


async def check_programs(
    account: Account,
    good: Sequence[ServerSettings],
    programs: Sequence[ProgramAccount],
    net: Network,
) -> tuple[Finding, ...]:
    """Where a program would not reach the mailbox that was just seen to work.

    ``good`` are all servers that are known to belong to the account. A server that the program has
    and nobody named is tried (without a login): one that answers under the same owner is another
    name for the same thing.
    """
    own = [one for one in programs if is_for(one, account.address)]
    found = await asyncio.gather(*(_differences(account, good, one, net) for one in own))
    findings = []
    for program, (differences, is_broken) in zip(own, found, strict=True):
        if differences:
            findings.append(_finding(program, differences, is_broken=is_broken))
    # One id counts once: a broken profile speaks for the others.
    findings.sort(key=lambda finding: finding.status is not Status.FAIL)
    return tuple(findings[:1])


def is_for(program: ProgramAccount, address: EmailAddress) -> bool:
    """Whether an account in a program is this address."""
    parsed = EmailAddress.parse(program.address)
    return isinstance(parsed, EmailAddress) and parsed.ascii.casefold() == address.ascii.casefold()


async def _differences(
    account: Account, good: Sequence[ServerSettings], program: ProgramAccount, net: Network
) -> tuple[list[str], bool]:
    """What differs, and whether that keeps mail from working."""
    incoming, outgoing = await asyncio.gather(
        _difference(program.incoming, account.incoming, good, net),
        _difference(program.outgoing, account.outgoing, good, net),
    )
    told = [one for one in (incoming, outgoing) if one is not None]
    return [text for text, _broken in told], any(broken for _text, broken in told)


async def _difference(
    has: ServerSettings | None, right: ServerSettings, good: Sequence[ServerSettings], net: Network
) -> tuple[str, bool] | None:
    if has is None:
        return f"— → {right}", True
    places = {(one.host, one.port, one.security) for one in (right, *good)}
    if (has.host, has.port, has.security) in places:
        if has.username and has.username.casefold() != right.username.casefold():
            return f"{has.username} → {right.username}", False
        return None
    if has.security is SocketType.NONE:
        return f"{has} → {right}", False
    answers = await _answers(has, net)
    if answers and owned_domain(has.host) == owned_domain(right.host):
        return None
    return f"{has} → {right}", not answers


async def _answers(server: ServerSettings, net: Network) -> bool:
    """Whether the server takes a verified connection. Nothing is said to it."""
    implicit = server.security is SocketType.TLS
    try:
        async with asyncio.timeout(_TIMEOUT):
            outcome = await net.connect(server.host, server.port, implicit_tls=implicit)
    except TimeoutError:
        return False
    if isinstance(outcome, ConnectFailure):
        return False
    outcome.close()
    return True


def _finding(program: ProgramAccount, differences: list[str], *, is_broken: bool) -> Finding:
    return Finding(
        FindingId.CLIENT_PROGRAM_WRONG_SETTINGS,
        Status.FAIL if is_broken else Status.WARN,
        {"differences": "; ".join(differences)},
        {"program": program.program, "profile": program.place, "differences": tuple(differences)},
    )
