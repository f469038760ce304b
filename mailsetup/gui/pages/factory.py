"""Which view shows which page.

Adding a page is one file, one case here, rows in the flow's table and one picture.
"""

from typing import assert_never

from mailsetup.assistant.flow import Page
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.searching import SearchingPage
from mailsetup.gui.pages.welcome import WelcomePage
from mailsetup.gui.session import Session


def load_views() -> None:
    """Load every page's module, so that nobody waits for one later. In any thread."""
    from mailsetup.gui.pages import (  # noqa: F401
        about,
        batch_done,
        batch_run,
        batch_table,
        complaint,
        done,
        found,
        log,
        manual,
        password,
        program,
        result,
        second_mailbox,
        sign_in,
        start,
        technician,
        testing,
    )


def make_view(page: Page, session: Session) -> PageView:
    """The view of a page. Those beyond the first are loaded when they are first needed."""
    match page:
        case Page.WELCOME:
            return WelcomePage(session)
        case Page.LOOKING:
            return SearchingPage(session)
        case Page.START:
            from mailsetup.gui.pages.start import StartPage

            return StartPage(session)
        case Page.COMPLAINT:
            from mailsetup.gui.pages.complaint import ComplaintPage

            return ComplaintPage(session)
        case Page.TECHNICIAN:
            from mailsetup.gui.pages.technician import TechnicianPage

            return TechnicianPage(session)
        case Page.FLEET:
            from mailsetup.gui.pages.batch_table import BatchTablePage

            return BatchTablePage(session)
        case Page.FLEET_RUN:
            from mailsetup.gui.pages.batch_run import BatchRunPage

            return BatchRunPage(session)
        case Page.FLEET_DONE:
            from mailsetup.gui.pages.batch_done import BatchDonePage

            return BatchDonePage(session)
        case Page.SECOND:
            from mailsetup.gui.pages.second_mailbox import SecondMailboxPage

            return SecondMailboxPage(session)
        case Page.FOUND:
            from mailsetup.gui.pages.found import FoundPage

            return FoundPage(session)
        case Page.MANUAL:
            from mailsetup.gui.pages.manual import ManualPage

            return ManualPage(session)
        case Page.PASSWORD:
            from mailsetup.gui.pages.password import PasswordPage

            return PasswordPage(session)
        case Page.SIGN_IN:
            from mailsetup.gui.pages.sign_in import SignInPage

            return SignInPage(session)
        case Page.TESTING:
            from mailsetup.gui.pages.testing import TestingPage

            return TestingPage(session)
        case Page.RESULT:
            from mailsetup.gui.pages.result import ResultPage

            return ResultPage(session)
        case Page.PROGRAM:
            from mailsetup.gui.pages.program import ProgramPage

            return ProgramPage(session)
        case Page.DONE:
            from mailsetup.gui.pages.done import DonePage

            return DonePage(session)
        case _:
            assert_never(page)
