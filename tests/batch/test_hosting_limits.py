"""Limits on the use of a hosting, with a clock that the test controls."""

import asyncio

from mailsetup.batch.hosting_limits import MAX_REFUSALS, WINDOW, HostingLimits
from tests.support.batch.people import Clock


async def most_at_once(
    limits: HostingLimits, hostings: list[list[str]], *, refuse: bool = False
) -> int:
    running = most = 0

    async def one(names: list[str]) -> None:
        nonlocal running, most
        async with limits.turn(names):
            if limits.spared(names):
                return
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1
            if refuse:
                limits.refused(names)

    await asyncio.gather(*(one(names) for names in hostings))
    return most


async def test_no_more_accounts_are_tested_at_one_hosting_than_allowed() -> None:
    assert await most_at_once(HostingLimits(Clock(), per_hosting=2), [["a.es"]] * 20) == 2


async def test_no_more_accounts_are_tested_in_all_than_allowed() -> None:
    many = [[f"h{number}.es"] for number in range(40)]
    assert await most_at_once(HostingLimits(Clock(), in_all=5), many) == 5


async def test_accounts_at_two_hostings_never_wait_for_each_other_for_ever() -> None:
    pairs = [["a.es", "b.es"], ["b.es", "a.es"]] * 10
    async with asyncio.timeout(5):
        assert await most_at_once(HostingLimits(Clock(), per_hosting=1), pairs) == 1


async def test_refused_logins_never_reach_the_number_that_bans() -> None:
    for per_hosting in (1, 2, 3, 9):
        limits = HostingLimits(Clock(), per_hosting=per_hosting)
        refusals = 0

        async def wrong() -> None:
            nonlocal refusals
            async with limits.turn(["a.es"]):  # noqa: B023
                if limits.spared(["a.es"]):  # noqa: B023
                    return
                await asyncio.sleep(0.001)
                refusals += 1
                limits.refused(["a.es"])  # noqa: B023

        await asyncio.gather(*(wrong() for _one in range(50)))
        assert refusals == MAX_REFUSALS


async def test_after_the_window_others_may_be_tested_again() -> None:
    clock = Clock()
    limits = HostingLimits(clock)
    for _one in range(MAX_REFUSALS):
        limits.refused(["a.es"])
    assert limits.spared(["a.es", "b.es"]) == "a.es"
    clock.seconds += WINDOW + 1
    assert limits.spared(["a.es"]) == ""


async def test_refusals_of_an_earlier_run_count() -> None:
    clock = Clock()
    now = clock.now().timestamp()
    limits = HostingLimits(clock, refusals=[("a.es", now - 10)] * MAX_REFUSALS)
    assert limits.spared(["a.es"]) == "a.es"
    assert HostingLimits(clock, refusals=[("a.es", now - 2 * WINDOW)] * 9).spared(["a.es"]) == ""


async def test_each_complaint_doubles_the_pause_and_a_success_ends_it() -> None:
    clock = Clock()
    limits = HostingLimits(clock)
    pauses = [limits.slow_down(["a.es"]) for _complaint in range(7)]
    assert pauses == [5, 10, 20, 40, 80, 120, 120]
    async with limits.turn(["b.es"]):
        assert clock.seconds == 0
    async with limits.turn(["a.es"]):
        assert clock.seconds >= 120
    limits.went_well(["a.es"])
    assert limits.slow_down(["a.es"]) == 5
