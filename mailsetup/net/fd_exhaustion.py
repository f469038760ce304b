"""When this computer has no file descriptor left: wait for one instead of blaming a server."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")

_PAUSE = 0.05
PATIENCE = 5.0
"""Seconds; the connections of a search that come to nothing give theirs back much sooner."""


def is_exhaustion(error: BaseException | None) -> bool:
    """Whether an error means that the process or the system may open nothing more."""
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)


async def when_free(make: Callable[[], Awaitable[_T]]) -> _T:
    """Carry out something that opens a descriptor. Raises what it raises, in the end also that."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        try:
            return await make()
        except OSError as error:
            if not is_exhaustion(error) or loop.time() >= deadline:
                raise
        await asyncio.sleep(_PAUSE)
