"""Work in threads: results, errors, context variables and cancellation."""

import asyncio
import contextvars
import signal
import subprocess
import sys
import threading

import pytest

from mailsetup.system.threads import in_thread

NAME = contextvars.ContextVar("NAME", default="nobody")


async def test_result_and_exception_are_passed_to_the_caller() -> None:
    assert await in_thread(divmod, 7, 2) == (3, 1)
    assert await in_thread(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await in_thread(divmod, 1, 0)


async def test_work_runs_in_the_context_of_the_caller() -> None:
    NAME.set("ana")
    assert await in_thread(NAME.get) == "ana"


def test_end_of_the_loop_does_not_wait_for_cancelled_work() -> None:
    release, ended = threading.Event(), threading.Event()

    def block() -> None:
        release.wait()
        ended.set()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await in_thread(block)

    asyncio.run(give_up())
    assert not ended.is_set()
    release.set()
    # Nor does it harm to bring the result to a loop that is closed.
    assert ended.wait(20)


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_interrupt_ends_the_process_during_work() -> None:
    code = """
import asyncio, signal, time
from mailsetup.system.threads import in_thread
signal.signal(signal.SIGINT, signal.default_int_handler)
async def main():
    work = asyncio.ensure_future(in_thread(time.sleep, 3600))
    await asyncio.sleep(0.05)
    print("working", flush=True)
    await work
asyncio.run(main())
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"working\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(60) in (-signal.SIGINT, 1)
        finally:
            process.kill()
