"""A defect in one part of a check: the others are completed, and the report names the part."""

import asyncio
import errno
from dataclasses import dataclass

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.check.run import run_check
from mailsetup.assistant.events import Activity, ActivityEnded, ActivityStarted, Event
from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.guard import Guard, guarded, incomplete
from mailsetup.diagnosis.health.domain_health import HealthRequest, check_dns_health
from mailsetup.model.dns import MxRecord, Reply
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.secret import Secret
from mailsetup.model.settings import ProgramAccount
from mailsetup.net.dial import ConnectFault
from tests.support.fault_table import account
from tests.support.network.scripted_network import ScriptedNetwork, address, mx, run

SECRET = "correcto-17"


class DefectError(Exception):
    """An exception that no part of a check expects."""


@dataclass
class Faulty(ScriptedNetwork):
    """A network in which one kind of query raises. ``kind`` is a DNS type, or "connect"."""

    kind: str = ""

    async def txt(self, name: str) -> Reply[str]:
        if self.kind == "TXT":
            raise DefectError(SECRET)
        return await super().txt(name)

    async def mx(self, domain: str) -> Reply[MxRecord]:
        if self.kind == "MX":
            raise DefectError(SECRET)
        return await super().mx(domain)


def checked(scripted: ScriptedNetwork, events: list[Event] | None = None) -> CheckReport:
    request = CheckRequest(account(domain="bodega.es"), Secret(SECRET))
    network = scripted.network()
    emit = (events if events is not None else []).append

    async def work() -> CheckReport:
        return await run_check(request, network, emit, no_programs)

    return run(work())


def no_programs() -> tuple[ProgramAccount, ...]:
    return ()


def world_of(kind: str) -> Faulty:
    scripted = Faulty(kind=kind)
    scripted.dns["bodega.es", "MX"] = mx("mx.bodega.es")
    servers = account(domain="bodega.es")
    for server in (servers.incoming, servers.outgoing):
        scripted.mail[server.host, server.port] = ConnectFault.REFUSED
    return scripted


@pytest.mark.parametrize("kind", ["TXT", "MX"])
def test_defect_in_one_part_does_not_remove_the_others_from_the_report(kind: str) -> None:
    report = checked(world_of(kind))
    by_id = {one.id: one for one in report.findings}
    assert "hosting.server.refused" in by_id
    defect = by_id[FindingId.CLIENT_CHECK_INCOMPLETE]
    assert defect.status is Status.WARN
    assert str(defect.evidence["defect"]).startswith("DefectError at tests.diagnosis.test_guard:")
    assert SECRET not in repr(report)
    assert report.first_broken is Link.HOSTING
    # A link that was not checked is never ok.
    assert dict(report.chain)[Link.DNS] is not Status.OK


def test_no_finding_without_a_defect() -> None:
    assert "client.check.incomplete" not in {one.id for one in checked(world_of("")).findings}


def test_every_activity_ends_after_a_defect() -> None:
    events: list[Event] = []
    checked(world_of("MX"), events)
    begun = {one.activity for one in events if isinstance(one, ActivityStarted)}
    ended = {one.activity: one.status for one in events if isinstance(one, ActivityEnded)}
    assert begun == ended.keys()
    assert ended[Activity.LOOK_AT_DOMAIN] is Status.UNKNOWN


def test_defect_in_one_dns_check_does_not_affect_the_others() -> None:
    scripted = world_of("TXT")
    request = HealthRequest(address(), "imap.elsewhere.es", "smtp.elsewhere.es")
    found = run(check_dns_health(request, scripted.network()))
    parts = [one.evidence["part"] for one in found if one.id == "client.check.incomplete"]
    assert parts == ["spf", "dmarc", "mta-sts"]


async def test_defect_in_a_task_group_is_located() -> None:
    async def broken() -> tuple[Finding, ...]:
        async with asyncio.TaskGroup() as group:
            group.create_task(nested())
        return ()

    async def nested() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())

    async def fails() -> None:
        raise DefectError

    (found,) = await guarded("part", broken())
    assert str(found.evidence["defect"]).startswith("DefectError at tests.diagnosis.test_guard:")


async def test_cancellation_and_interrupts_are_not_caught() -> None:
    async def ends(error: BaseException) -> tuple[Finding, ...]:
        raise error

    for error in (asyncio.CancelledError(), KeyboardInterrupt(), OSError(errno.EMFILE, "")):
        with pytest.raises(type(error)):
            await guarded("part", ends(error))


def test_synchronous_part_is_guarded() -> None:
    guard = Guard()
    assert guard.call("part", lambda: 1 // int("0"), 7) == 7
    assert [one.evidence["part"] for one in guard.defects] == ["part"]


def test_texts_do_not_contain_the_exception_message() -> None:
    found = incomplete("part", RecursionError(SECRET))
    shown = explain(found)
    assert SECRET not in f"{shown.title} {shown.advice} {found.evidence}"
