"""Importing what later pages need, in the worker thread."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from mailsetup.assistant.library_licences import library_lines
from mailsetup.gui.gc_pause import gc_paused
from mailsetup.i18n import load_all

_ENGINE: Final = (
    "mailsetup.assistant.check.run",
    "mailsetup.assistant.service",
    "mailsetup.assistant.signin.sign_ins",
    "mailsetup.assistant.texts.verdict",
    "mailsetup.gui.worker.check",
    "mailsetup.gui.worker.options",
    "mailsetup.gui.worker.programs",
    "mailsetup.gui.worker.reach",
    "mailsetup.gui.worker.search",
    "mailsetup.gui.worker.sign_in",
)


def load_everything(load_pages: Callable[[], None]) -> tuple[str, ...]:
    """Import engine and pages; the libraries in use, a line each."""
    with gc_paused():
        for name in _ENGINE:
            import_module(name)
        load_pages()
        load_all()
        return tuple(library_lines())
