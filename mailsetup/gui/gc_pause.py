"""Making very many objects beside the window without standing in its way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unhindered() -> Iterator[None]:
    """Python looks for knots in nothing that is made inside, nor in what is there already.

    While it looks through some hundred thousand objects, no other thread gets on: the window would
    be deaf for 0.1 s and more, again and again. What is not tied to itself goes without being
    looked for.
    """
    were_looked_for = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if were_looked_for:
            gc.enable()
