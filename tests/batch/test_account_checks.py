"""Testing the accounts of a run: what is tried again, what is not tested, and what is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.batch.account_checks import AccountChecks, hostings_of
from mailsetup.batch.events import BatchEvent, Paused
from mailsetup.batch.hosting_limits import MAX_REFUSALS, HostingLimits
from mailsetup.batch.journal import Entry
from mailsetup.batch.result import PersonResult, PersonState
from mailsetup.batch.table_check import Person
from mailsetup.batch.work import Work
from mailsetup.diagnosis.chain import diagnose
from mailsetup.model.finding import Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Authentication
from mailsetup.vault import Vault
from tests.support.batch.people import Clock, person
from tests.support.samples.accounts import account

HOSTING = frozenset({"bodega.example"})


def report(request: CheckRequest, *ids: FindingId) -> CheckReport:
    """A report with these faults."""
    findings = tuple(Finding(identity, Status.FAIL) for identity in ids)
    verdict = diagnose(findings, ())
    return CheckReport(
        account=request.account,
        chain=verdict.chain,
        first_broken=verdict.first_broken,
        findings=findings,
        incoming=None,
        outgoing=None,
        round_trip=None,
        elapsed_ms=1.0,
    )


@dataclass
class Hosting:
    """Answers each check with the next faults of its list, the last ones for ever."""

    faults: Sequence[tuple[FindingId, ...]] = ((),)
    requests: list[CheckRequest] = field(default_factory=list)
    recorded: list[Entry] = field(default_factory=list)
    events: list[BatchEvent] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def checks(self) -> AccountChecks:
        return AccountChecks(
            self.check,
            self.clock,
            Work(check=True),
            Vault(),
            HostingLimits(self.clock),
            (),
            record=self.record,
            emit=self.events.append,
        )

    async def check(self, request: CheckRequest) -> CheckReport:
        number = len(self.requests)
        self.requests.append(request)
        return report(request, *self.faults[min(number, len(self.faults) - 1)])

    async def record(self, entry: Entry) -> None:
        self.recorded.append(entry)


def ready(
    one: Person, authentication: Authentication = Authentication.PASSWORD_CLEARTEXT
) -> PersonResult:
    ours = account(str(one.address), authentication=(authentication,))
    return PersonResult(one, PersonState.READY, account=ours)


async def test_an_account_without_faults_works() -> None:
    hosting = Hosting()
    result = await hosting.checks().check(ready(person("ana@bodega.example")), HOSTING)
    assert result.state is PersonState.WORKS
    assert result.report is not None
    [request] = hosting.requests
    assert request.secret.reveal() == "correcto"
    assert request.one_login_at_a_time


async def test_the_result_of_a_broken_account_names_the_cause() -> None:
    hosting = Hosting([(FindingId.ACCOUNT_QUOTA_FULL,)])
    result = await hosting.checks().check(ready(person("ana@bodega.example")), HOSTING)
    assert result.state is PersonState.BROKEN
    assert "full" in result.reason


async def test_without_a_password_nothing_is_tested() -> None:
    hosting = Hosting()
    result = await hosting.checks().check(ready(person("ana@bodega.example", "")), HOSTING)
    assert (result.state, hosting.requests) == (PersonState.NOT_TESTED, [])


async def test_a_provider_that_takes_no_password_is_not_tested() -> None:
    hosting = Hosting()
    one = ready(person("ana@bodega.example"), Authentication.OAUTH2)
    result = await hosting.checks().check(one, HOSTING)
    assert (result.state, hosting.requests) == (PersonState.NOT_TESTED, [])


async def test_a_server_that_asks_for_a_slower_pace_is_tried_again_after_a_pause() -> None:
    hosting = Hosting([(FindingId.ACCOUNT_LOGIN_RATE_LIMITED,), ()])
    result = await hosting.checks().check(ready(person("ana@bodega.example")), HOSTING)
    assert result.state is PersonState.WORKS
    [paused] = hosting.events
    assert isinstance(paused, Paused)
    assert hosting.clock.seconds >= paused.seconds > 0


async def test_a_server_that_never_stops_asking_is_left_for_this_run() -> None:
    hosting = Hosting([(FindingId.HOSTING_SERVER_TEMPORARY,)])
    checks = hosting.checks()
    for name in ("ana", "berta"):
        result = await checks.check(ready(person(f"{name}@bodega.example")), HOSTING)
        assert result.state is PersonState.NOT_TESTED
    assert len(hosting.requests) == 3


@pytest.mark.parametrize("tested_before", [True, False])
async def test_silence_is_a_ban_only_where_accounts_were_tested_before(tested_before: bool) -> None:
    silent = (FindingId.HOSTING_SERVER_UNREACHABLE,)
    hosting = Hosting([(), silent] if tested_before else [silent])
    checks = hosting.checks()
    if tested_before:
        await checks.check(ready(person("ana@bodega.example")), HOSTING)
    result = await checks.check(ready(person("berta@bodega.example")), HOSTING)
    expected = PersonState.NOT_TESTED if tested_before else PersonState.BROKEN
    assert result.state is expected


async def test_refused_logins_are_recorded_and_spare_the_others() -> None:
    hosting = Hosting([(FindingId.ACCOUNT_LOGIN_REFUSED,)])
    checks = hosting.checks()
    states = [
        (await checks.check(ready(person(f"p{number}@bodega.example")), HOSTING)).state
        for number in range(MAX_REFUSALS + 2)
    ]
    assert states == [PersonState.BROKEN] * MAX_REFUSALS + [PersonState.NOT_TESTED] * 2
    assert [entry["hosting"] for entry in hosting.recorded] == ["bodega.example"] * MAX_REFUSALS


async def test_people_without_an_account_get_a_result() -> None:
    hosting = Hosting()
    results: list[PersonResult] = []

    async def account_of(one: Person) -> PersonResult:
        if one.row == 2:
            return PersonResult(one, PersonState.NO_SETTINGS)
        return ready(one)

    async def submit(result: PersonResult) -> None:
        results.append(result)

    people = [person(f"p{row}@bodega.example", row=row) for row in (1, 2, 3)]
    await hosting.checks().check_all(people, account_of, submit)
    assert sorted((one.person.row, str(one.state)) for one in results) == [
        (1, "works"),
        (2, "no-settings"),
        (3, "works"),
    ]


def test_the_servers_of_one_registrable_domain_are_one_hosting() -> None:
    assert hostings_of(account()) == HOSTING
    assert hostings_of(account(outgoing_host="smtp.other.example")) == HOSTING | {"other.example"}
