"""Faults in whole checks, and the table of the findings that were named.

A test declares with ``@pytest.mark.fault(id)`` which finding it provokes, and passes the result of
the check to `note`. The test run ends with a table of the faults and the links that were named.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Status
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType
from tests.support.servers.real_servers import RealServers

HOST = "mail.faults.test"
TALKER = "talker.faults.test"
"""The name of a scripted server, reached by a route."""

Routes = Mapping[tuple[str, int], tuple[str, int]]

_running: list[pytest.Item] = []


def begin(item: pytest.Item) -> None:
    """Set the test for which `note` records."""
    _running[:] = [item]
    item.user_properties += [
        ("fault", identity) for mark in item.iter_markers("fault") for identity in mark.args
    ]


def note(identity: str, first_broken: str | None) -> None:
    """Record that a check named this finding, and this link as the first broken one."""
    for item in _running:
        item.user_properties.append(("named", (str(identity), first_broken or "none, a warning")))


def fault(identity: str, *values: object) -> object:
    """A parameter set of a test that provokes this finding."""
    return pytest.param(identity, *values, marks=pytest.mark.fault(identity), id=identity)


def account(
    local: str = "ana",
    incoming: str = HOST,
    outgoing: str = HOST,
    domain: str = "faults.test",
    username: str = "",
) -> Account:
    """An address with its mailbox at the test servers."""
    address = EmailAddress(local, domain)
    name = username or address.ascii
    return Account(
        address,
        ServerSettings(Protocol.IMAP, incoming, 993, SocketType.TLS, name),
        ServerSettings(Protocol.SMTP, outgoing, 465, SocketType.TLS, name),
    )


def options(servers: RealServers, routes: Routes | None = None) -> NetworkOptions:
    """Network options with the test name server and certificate authority."""
    return NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), routes=routes or {}, use_proxy=False
    )


def requested(wanted: Account, password: str, **more: object) -> CheckRequest:
    """A check with a small message and a short wait."""
    return replace(
        CheckRequest(wanted, Secret(password), attachment_mib=0, wait=30.0),
        **more,  # type: ignore[arg-type]  # names are checked at run time
    )


async def check(
    network: NetworkOptions, wanted: Account, password: str, **more: object
) -> CheckReport:
    """Run a whole check through the assistant."""
    assistant = Assistant(RunOptions(network=network), programs_here=tuple)
    return await assistant.check(requested(wanted, password, **more))


def named(report: CheckReport) -> str:
    """The root cause; the first warning where nothing is broken.

    The test domains publish few records, so DNS warnings are not counted here: see `warned`.
    """
    cause = report.root_cause
    if cause is not None:
        assert cause.link is report.first_broken
        note(cause.id, str(report.first_broken))
        return cause.id
    assert report.first_broken is None
    warnings = [one.id for one in report.findings if not one.id.startswith("dns.")]
    first = warnings[0] if warnings else ""
    note(first, None)
    return first


def warned(report: CheckReport) -> set[str]:
    """All warnings of a check in which nothing is broken."""
    assert report.first_broken is None, report.findings
    found: set[str] = {one.id for one in report.findings if one.status is Status.WARN}
    for identity in found:
        note(identity, None)
    return found
