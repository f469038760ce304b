"""Searching for domains: once each, and not again within a day."""

from pathlib import Path

from mailsetup.assistant.run_options import RunOptions
from mailsetup.batch.domain_search import DomainSearch
from mailsetup.batch.events import BatchEvent, DomainSearched
from mailsetup.batch.journal import Entry
from mailsetup.batch.result import PersonState
from tests.support.batch.people import open_journal, person
from tests.support.network.scripted_network import ScriptedNetwork, run

ANA, BERTA = person("ana@gmail.com"), person("berta@gmail.com")
CARLA = person("carla@nowhere.invalid")
OFFLINE = RunOptions(offline=True)


def test_each_domain_is_searched_for_once_and_what_is_found_is_recorded(tmp_path: Path) -> None:
    recorded: list[Entry] = []
    events: list[BatchEvent] = []

    async def record(entry: Entry) -> None:
        recorded.append(entry)

    async def work() -> None:
        with open_journal(tmp_path) as journal:
            search = DomainSearch(ScriptedNetwork().network(), OFFLINE, 8, journal)
            unknown = search.unknown([ANA, BERTA, CARLA])
            assert [address.domain for address in unknown] == ["gmail.com", "nowhere.invalid"]
            await search.search(unknown, record, events.append)
            for one in (ANA, BERTA):
                result = await search.account_of(one)
                assert result.account is not None
                assert result.account.incoming.username == one.address.ascii
            assert (await search.account_of(CARLA)).state is PersonState.NO_SETTINGS
            await search.close()

    run(work())
    assert [entry["domain"] for entry in recorded] == ["gmail.com"]
    assert set(events) == {DomainSearched("gmail.com"), DomainSearched("nowhere.invalid")}


def test_a_domain_found_by_an_earlier_run_is_not_searched_for_again(tmp_path: Path) -> None:
    async def work(*agreed: str) -> list[str]:
        options = RunOptions(offline=True, agreed=agreed)
        with open_journal(tmp_path) as journal:

            async def record(entry: Entry) -> None:
                journal.add([entry])

            search = DomainSearch(ScriptedNetwork().network(), options, 8, journal)
            unknown = search.unknown([ANA])
            domains = [address.domain for address in unknown]
            await search.search(unknown, record, lambda _event: None)
            await search.close()
            return domains

    async def all_runs() -> None:
        # What was found with an agreement is searched for again by a run without it.
        assert await work("hoster.example") == ["gmail.com"]
        assert await work() == ["gmail.com"]
        assert await work() == []
        assert await work("hoster.example") == []

    run(all_runs())
