"""Many addresses in one run."""

from collections import Counter
from collections.abc import Callable

import pytest

from mailsetup.discovery.batch import BatchSearch
from mailsetup.discovery.find import BUDGET, FIRST_STAGE_TIMEOUT, GRACE, find
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery, DiscoveryStatus
from mailsetup.model.source import Method
from tests.support.network.scripted_network import (
    AUTOCONFIG,
    ISPDB,
    NEVER,
    WELL_KNOWN,
    World,
    address,
    config,
    imap,
    run,
    smtp,
    srv,
)


def all_of(world: World, *texts: str) -> list[Discovery]:
    async def search() -> list[Discovery]:
        import asyncio

        searches = BatchSearch(world.network())
        try:
            return await asyncio.gather(*(searches.find(address(text)) for text in texts))
        finally:
            await searches.close()

    return run(search())


def names(discovery: Discovery) -> set[str]:
    return (
        {server.username for server in discovery.settings.servers} if discovery.settings else set()
    )


def test_each_domain_is_looked_up_once_and_everybody_gets_their_own_name() -> None:
    world = World()
    world.serve(AUTOCONFIG, config())
    found = all_of(world, "ana@bodega.es", "eva@bodega.es", "leo@bodega.es", "ana@otra.es")
    assert [names(one) for one in found] == [
        {"ana@bodega.es"},
        {"eva@bodega.es"},
        {"leo@bodega.es"},
        set(),
    ]
    asked = Counter(url.partition("?")[0] for url in world.asked_urls)
    assert set(asked.values()) == {1}
    assert found[3].outcome is DiscoveryStatus.NOT_FOUND


def test_short_names_follow_the_address_too() -> None:
    world = World()
    world.serve(AUTOCONFIG, config().replace(b"%EMAILADDRESS%", b"%EMAILLOCALPART%"))
    found = all_of(world, "ana@bodega.es", "eva@bodega.es")
    assert [names(one) for one in found] == [{"ana"}, {"eva"}]


def test_where_the_domain_answers_for_each_mailbox_apart_each_is_asked_for() -> None:
    world = World()
    world.serve(AUTOCONFIG, config().replace(b"%EMAILADDRESS%", b"w123456"))
    all_of(world, "ana@bodega.es", "eva@bodega.es")
    asked = [url for url in world.asked_urls if url.startswith(AUTOCONFIG)]
    assert len(asked) == 2
    assert {"ana%40" in url for url in asked} == {True, False}


def test_who_publishes_settings_is_not_guessed_at() -> None:
    world = World(dns_delay=0.05)
    world.serve(AUTOCONFIG, config(), after=0.2)
    world.mail["imap.bodega.es", 993], world.mail["smtp.bodega.es", 465] = imap(), smtp()
    (found,) = all_of(world, "ana@bodega.es")
    assert found.outcome is DiscoveryStatus.FOUND
    assert (world.asked_hosts, world.posted) == ([], [])
    assert not [url for url in world.asked_urls if "bodega.es/" not in url]


def test_a_host_that_swallows_packets_holds_up_the_guesses_for_a_moment_only() -> None:
    world = World(web_delay=NEVER)
    world.mail["imap.bodega.es", 993], world.mail["smtp.bodega.es", 465] = imap(), smtp()
    (found,) = all_of(world, "ana@bodega.es")
    assert found.source is not None
    assert found.source.method is Method.PROBE
    assert found.elapsed_ms <= 1000 * (FIRST_STAGE_TIMEOUT + GRACE) + 500


def _guessed(world: World) -> None:
    world.mail["imap.bodega.es", 993], world.mail["smtp.bodega.es", 465] = imap(), smtp()


def _half_published(world: World) -> None:
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.bodega.es", 993))
    world.mail["smtp.bodega.es", 465] = smtp()


def _published_twice(world: World) -> None:
    world.serve(AUTOCONFIG, config(), after=0.1)
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("a.bodega.es", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("b.bodega.es", 465))


def _listed(world: World) -> None:
    world.serve(ISPDB, config())


def _elsewhere(world: World) -> None:
    world.dns["_imaps._tcp.bodega.es", "SRV"] = srv(("imap.hoster.com", 993))
    world.dns["_submissions._tcp.bodega.es", "SRV"] = srv(("smtp.hoster.com", 465))


def _nothing(world: World) -> None:
    world.serve("https://www.bodega.es/", b"<html></html>")


@pytest.mark.parametrize("budget", [0.3, BUDGET])
@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize(
    "made", [_guessed, _half_published, _published_twice, _listed, _elsewhere, _nothing]
)
def test_a_search_in_two_stages_finds_the_same_settings(
    made: Callable[[World], None], silent: bool, budget: float
) -> None:
    found = []
    for in_stages in (False, True):
        world = World()
        made(world)
        if silent:
            world.web_delays[WELL_KNOWN] = NEVER
        search = find(address("ana@bodega.es"), world.network(), budget=budget, in_stages=in_stages)
        found.append(run(search))
    race, turns = found
    assert (turns.outcome, turns.settings, turns.source, turns.confirm) == (
        (race.outcome, race.settings, race.source, race.confirm)
    )
    assert (race.settings is None) is (made is _nothing)


def test_connections_that_won_are_not_kept_for_hundreds() -> None:
    world = World()
    scripts = [imap(), smtp()]
    world.mail["imap.bodega.es", 993], world.mail["smtp.bodega.es", 465] = scripts
    all_of(world, "ana@bodega.es", "eva@bodega.es")
    assert [script.closed for script in scripts] == [1, 1]


def test_one_who_gives_up_takes_nothing_from_the_others() -> None:
    async def search() -> Discovery:
        import asyncio

        world = World()
        world.serve(AUTOCONFIG, config(), after=0.2)
        searches = BatchSearch(world.network())
        first = asyncio.ensure_future(searches.find(EmailAddress("ana", "bodega.es")))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(searches.find(EmailAddress("eva", "bodega.es")))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        try:
            return await second
        finally:
            await searches.close()

    assert names(run(search())) == {"eva@bodega.es"}
