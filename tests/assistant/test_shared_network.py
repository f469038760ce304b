"""The network that one step leaves open for the next."""

import asyncio

import pytest

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.shared_network import SharedNetwork


def shared() -> SharedNetwork:
    return SharedNetwork(lambda: RunOptions(offline=True))


async def test_the_next_step_gets_the_network_that_was_left_open() -> None:
    network = shared()
    async with network.open(leave_open=True) as first:
        pass
    async with network.open() as second:
        assert second is first
    async with network.open() as third:
        assert third is not first


async def test_two_concurrent_steps_have_networks_of_their_own() -> None:
    network = shared()
    async with network.open(leave_open=True) as first, network.open(leave_open=True) as second:
        assert first is not second
    await network.close()


async def test_a_step_that_fails_leaves_nothing_open() -> None:
    network = shared()
    with pytest.raises(KeyError):
        async with network.open(leave_open=True) as first:
            raise KeyError
    async with network.open() as second:
        assert second is not first


def test_another_event_loop_gets_another_network() -> None:
    network = shared()

    async def step() -> object:
        async with network.open(leave_open=True) as net:
            return net

    assert asyncio.run(step()) is not asyncio.run(step())


async def test_a_closed_network_is_not_used_again() -> None:
    network = shared()
    async with network.open(leave_open=True) as first:
        pass
    await network.close()
    async with network.open() as second:
        assert second is not first
