"""Pausing the garbage collector while very many objects are made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """No cyclic garbage collection inside; what exists at the end is never examined again.

    A collection over some hundred thousand objects stops all threads: the window would not react
    for 0.1 s and more, repeatedly. Reference counting goes on.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
