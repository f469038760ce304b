"""Blocking work in a thread for whose end the event loop does not wait."""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


async def in_thread(work: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """What ``work`` returns, done in a thread of its own. Raises what it raises.

    Unlike `asyncio.to_thread`, neither the end of the loop nor the end of the process waits for the
    work once its waiter was cancelled (Ctrl-C, a deadline): a thread cannot be interrupted, and a
    keyring may ask a person who has gone. So it is not for what must be finished, such as writing.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()
    context = contextvars.copy_context()

    def deliver(result: Result | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # there is one where no error is

    def run() -> None:
        result, failed = None, None
        try:
            result = context.run(work, *arguments)
        except BaseException as error:  # noqa: BLE001 - handed on to the waiter
            failed = error
        # The loop may be closed by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver, result, failed)

    threading.Thread(target=run, daemon=True, name=getattr(work, "__name__", "work")).start()
    return await done
