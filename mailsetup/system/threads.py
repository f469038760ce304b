"""Blocking calls in threads that the event loop does not wait for at its end."""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


async def in_thread(work: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """Run ``work`` in a new thread; returns its result and raises its exceptions.

    Unlike with `asyncio.to_thread`, neither the loop nor the process waits at its end for work
    whose caller was cancelled (Ctrl-C, a deadline): a thread cannot be interrupted, and a keyring
    may wait for a user who is absent. So it is not for work that must be completed, such as
    writing a file.
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
            done.set_result(result)  # type: ignore[arg-type]  # set where there is no error

    def run() -> None:
        result, failed = None, None
        try:
            result = context.run(work, *arguments)
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            failed = error
        # The loop may be closed already.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver, result, failed)

    threading.Thread(target=run, daemon=True, name=getattr(work, "__name__", "work")).start()
    return await done
