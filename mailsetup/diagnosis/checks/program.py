"""Whether the mail programs on this computer have the settings that work."""

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
    """At most one finding: a program whose settings differ from those that were proven to work.

    ``good`` are all servers that are known to belong to the account. Another server in a program is
    connected to (without a login): one that answers and has the same owner is an alias.
    """
    own = [one for one in programs if is_for(one, account.address)]
    found = await asyncio.gather(*(_differences(account, good, one, net) for one in own))
    findings = []
    for program, (differences, is_broken) in zip(own, found, strict=True):
        if differences:
            findings.append(_finding(program, differences, is_broken=is_broken))
    # One id counts once: the broken profile is reported.
    findings.sort(key=lambda finding: finding.status is not Status.FAIL)
    return tuple(findings[:1])


def is_for(program: ProgramAccount, address: EmailAddress) -> bool:
    """Whether an account in a program is this address."""
    parsed = EmailAddress.parse(program.address)
    return isinstance(parsed, EmailAddress) and parsed.ascii.casefold() == address.ascii.casefold()


async def _differences(
    account: Account, good: Sequence[ServerSettings], program: ProgramAccount, net: Network
) -> tuple[list[str], bool]:
    """The differences as text, and whether one of them prevents mail from working."""
    incoming, outgoing = await asyncio.gather(
        _difference(program.incoming, account.incoming, good, net),
        _difference(program.outgoing, account.outgoing, good, net),
    )
    found = [one for one in (incoming, outgoing) if one is not None]
    return [text for text, _broken in found], any(broken for _text, broken in found)


async def _difference(
    actual: ServerSettings | None,
    right: ServerSettings,
    good: Sequence[ServerSettings],
    net: Network,
) -> tuple[str, bool] | None:
    if actual is None:
        return f"— → {right}", True
    endpoints = {(one.host, one.port, one.security) for one in (right, *good)}
    if (actual.host, actual.port, actual.security) in endpoints:
        if actual.username and actual.username.casefold() != right.username.casefold():
            return f"{actual.username} → {right.username}", False
        return None
    if actual.security is SocketType.NONE:
        return f"{actual} → {right}", False
    answers = await _answers(actual, net)
    if answers and owned_domain(actual.host) == owned_domain(right.host):
        return None
    return f"{actual} → {right}", not answers


async def _answers(server: ServerSettings, net: Network) -> bool:
    """Whether the server accepts a verified connection; no command is sent."""
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
