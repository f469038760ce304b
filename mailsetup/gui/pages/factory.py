"""Which class shows which page. Its module is imported when the page is first needed.

Adding a page is a module in this package, a row here, and rows in the flow's table.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from mailsetup.assistant.flow import Page
from mailsetup.gui.page import Overlay, OverlayPage, PageView
from mailsetup.gui.services import Services

PAGES: Final[Mapping[Page, str]] = {
    Page.WELCOME: "welcome.WelcomePage",
    Page.COMPLAINT: "complaint.ComplaintPage",
    Page.TECHNICIAN: "technician.TechnicianPage",
    Page.BATCH: "batch_table.BatchTablePage",
    Page.BATCH_RUN: "batch_run.BatchRunPage",
    Page.BATCH_DONE: "batch_done.BatchDonePage",
    Page.START: "start.StartPage",
    Page.SEARCHING: "searching.SearchingPage",
    Page.FOUND: "found.FoundPage",
    Page.MANUAL: "manual.ManualPage",
    Page.PASSWORD: "password.PasswordPage",
    Page.SIGN_IN: "sign_in.SignInPage",
    Page.SECOND: "second_mailbox.SecondMailboxPage",
    Page.TESTING: "testing.TestingPage",
    Page.RESULT: "result.ResultPage",
    Page.PROGRAM: "program.ProgramPage",
    Page.DONE: "done.DonePage",
}

OVERLAYS: Final[Mapping[OverlayPage, str]] = {
    OverlayPage.ABOUT: "about.AboutPage",
    OverlayPage.LOG: "log.LogPage",
}


def _page_class(path: str) -> type[PageView]:
    """Imports the module. Raises TypeError for a row that names no page."""
    module, _dot, name = path.partition(".")
    found = getattr(import_module(f"mailsetup.gui.pages.{module}"), name)
    if not (isinstance(found, type) and issubclass(found, PageView)):
        raise TypeError(path)
    return found


def load_pages() -> None:
    """Import every page's module. May run in any thread."""
    for path in (*PAGES.values(), *OVERLAYS.values()):
        _page_class(path)


def make_page(page: Page, services: Services) -> PageView:
    """A new view of a page."""
    return _page_class(PAGES[page])(services)


def make_overlay(kind: OverlayPage, services: Services) -> Overlay:
    """A new overlay. Raises TypeError for a row that names none."""
    made = _page_class(OVERLAYS[kind])(services)
    if not isinstance(made, Overlay):
        raise TypeError(kind)
    return made
