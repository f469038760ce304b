"""The network of a run: what one step opened serves the next one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from mailsetup.assistant.run_options import RunOptions
from mailsetup.net.network import Network, open_network


@dataclass(frozen=True, slots=True)
class _LeftOpen:
    """A network between two steps, with its event loop."""

    net: Network
    stack: AsyncExitStack
    loop: asyncio.AbstractEventLoop


class SharedNetwork:
    """Opens the network for one step after another. ``options`` returns those of the next step."""

    def __init__(self, options: Callable[[], RunOptions]) -> None:
        self._options = options
        self._left_open: _LeftOpen | None = None

    @asynccontextmanager
    async def open(self, *, leave_open: bool = False) -> AsyncIterator[Network]:
        """The network that the last step left open, or a new one.

        With ``leave_open`` the next step gets it, with its cache and open connections.
        """
        left, self._left_open = self._left_open, None
        loop = asyncio.get_running_loop()
        if left is None or left.loop is not loop:
            options, stack = self._options(), AsyncExitStack()
            net = await stack.enter_async_context(
                open_network(options.network, soon=not options.offline)
            )
            left = _LeftOpen(net, stack, loop)
        try:
            yield left.net
        except BaseException:
            await left.stack.aclose()
            raise
        if leave_open and self._left_open is None:
            self._left_open = left
        else:
            await left.stack.aclose()

    async def close(self) -> None:
        """Close what the last step left open."""
        left, self._left_open = self._left_open, None
        if left is not None:
            await left.stack.aclose()
