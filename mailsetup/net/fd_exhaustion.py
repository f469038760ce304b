"""Exhausted file descriptors (EMFILE, ENFILE): retry instead of reporting a server's fault."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import TypeVar

_T = TypeVar("_T")

_PAUSE = 0.05
MAX_WAIT = 5.0
"""Seconds; the failed connections of a search release theirs much sooner."""


def is_exhaustion(error: BaseException | None) -> bool:
    """Whether an error means that no more file descriptors can be opened."""
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)


async def retry_while_exhausted(open_: Callable[[], Awaitable[_T]]) -> _T:
    """The result of a call that opens a descriptor, repeated for at most `MAX_WAIT` seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + MAX_WAIT
    while True:
        try:
            return await open_()
        except OSError as error:
            if not is_exhaustion(error) or loop.time() >= deadline:
                raise
        await asyncio.sleep(_PAUSE)
