"""Why a search found no settings, and why a server that was entered does not answer."""

import asyncio

from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.diagnosis.checks.domain import DomainCheck, check_domain
from mailsetup.diagnosis.checks.network import check_network
from mailsetup.diagnosis.checks.server import finding_of
from mailsetup.diagnosis.guard import Guard
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import DialogueFailure
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link
from mailsetup.model.settings import ServerSettings
from mailsetup.net.network import Network
from mailsetup.verify.login import open_session


async def explain_absence(
    address: EmailAddress, discovery: Discovery | None, net: Network
) -> Diagnosis:
    """What the domain and this network have to do with a search that found nothing.

    What ``discovery`` contains is not asked for again.
    """
    guard = Guard()
    facts = discovery.domain_facts if discovery else None
    unchecked = DomainCheck((), in_order=False)
    domain, network = await asyncio.gather(
        guard.run("domain", check_domain(address, net, facts), unchecked),
        guard.run("network", check_network(net), ()),
    )
    findings = (*network, *domain.findings, *guard.defects)
    return diagnose(findings, (Link.DNS,) if domain.in_order else ())


async def reach(server: ServerSettings, address: EmailAddress, net: Network) -> Finding | None:
    """Why a server does not answer as it should, up to the login; None where it does."""
    opened = await open_session(server, net)
    if isinstance(opened, DialogueFailure):
        return finding_of(opened, address)
    await opened.end()
    return None
