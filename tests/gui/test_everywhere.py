"""On every page: the keyboard, both languages, cancelling, closing; announcements."""

import itertools
import re
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from mailsetup.assistant.flow import FLOW, Move, Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.pages.result import ResultPage
from mailsetup.gui.pages.sign_in import SignInPage
from mailsetup.gui.widgets.basic import ANNOUNCER
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.window import Window
from mailsetup.i18n import set_language
from mailsetup.model.finding import Link
from tests.gui.test_every_page import PAGES, settle
from tests.support.gui import gallery
from tests.support.gui.driver import Person, Scripted

MakePerson = Callable[[Assistant], Person]


@pytest.fixture
def announcements() -> Iterator[list[str]]:
    """The texts that were announced to a screen reader."""
    lines: list[str] = []
    ANNOUNCER.announced.connect(lines.append)
    yield lines
    ANNOUNCER.announced.disconnect(lines.append)


# The keyboard -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_everything_first_the_page_then_the_buttons(
    window: Window, qapp: QApplication, name: str
) -> None:
    gallery.show(window, name)
    settle(qapp)
    wanted = {
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    reached: list[QWidget] = []
    for _ in range(2 * len(wanted) + 10):
        focus = window.focusWidget()
        if focus not in reached:
            reached.append(focus)
        window.focusNextChild()
    # Of radio buttons in a group Tab reaches one; the arrow keys reach the others.
    missed = [widget for widget in wanted - set(reached) if not _in_group(widget)]
    assert missed == []
    on_page = [window.navigator.shown.isAncestorOf(widget) for widget in reached]
    turns = sum(one != other for one, other in itertools.pairwise(on_page))
    assert turns <= 2


def _in_group(widget: QWidget) -> bool:
    return isinstance(widget, QAbstractButton) and widget.autoExclusive()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["es", "en"])
def test_no_two_widgets_of_a_page_share_a_mnemonic(
    window: Window, qapp: QApplication, name: str, language: str
) -> None:
    set_language(language)
    window.retranslate()
    gallery.show(window, name)
    settle(qapp)
    keys: dict[str, dict[QWidget, str]] = {}
    for widget in window.findChildren(QLabel) + window.findChildren(QAbstractButton):
        marked = re.search(r"(?<!&)&(\w)", widget.text())
        owner = _pressed_by_key(widget)
        if marked and owner is not None and widget.isVisible():
            keys.setdefault(marked.group(1).lower(), {})[owner] = widget.text()
    assert [list(texts.values()) for texts in keys.values() if len(texts) > 1] == []


def _pressed_by_key(widget: QLabel | QAbstractButton) -> QWidget | None:
    return widget.buddy() if isinstance(widget, QLabel) else widget


# Languages --------------------------------------------------------------------------------------

_SAME_IN_BOTH = re.compile(
    r"mailsetup.*|A[−+]|DNS|Hosting|Español|English|IMAP|POP3|SSL/TLS|STARTTLS|[\W\d_]+|"
    r".*(@|\.es|\.com|\.txt|\.html).*|Thunderbird.*|Outlook.*|Gmail|Apple Mail|Evolution|KMail|"
    r"[a-z]+(-[a-z]+)+|[A-Z]{4}-[A-Z]{4}|"
    r"(pass|keepassxc-cli) show .*|"  # commands of a table
    r"K-9 Mail|Claws Mail|neomutt.*|aerc|himalaya|mbsync.*|Ana Mart.nez|Correo Ib.rico|.*\d{3}.*",
    re.DOTALL,
)
"""Names, addresses and figures; everything else is written in words and has to be translated."""


def texts(window: Window) -> dict[str, QWidget]:
    """All that can be read or is read aloud."""
    found: dict[str, QWidget] = {}
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QLabel | QAbstractButton):
            found.setdefault(widget.text().replace("&", "").replace("\u200b", ""), widget)
        found.setdefault(widget.accessibleName(), widget)
    found.pop("", None)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_text_differs_in_spanish(window: Window, qapp: QApplication, name: str) -> None:
    shown: dict[str, set[str]] = {}
    for language in ("en", "es"):
        set_language(language)
        window.retranslate()
        gallery.show(window, name)
        settle(qapp)
        shown[language] = {
            line.strip()
            for text in texts(window)
            for line in text.splitlines()
            if not _SAME_IN_BOTH.fullmatch(line.strip())
        }
    assert shown["en"]
    if name != "log":
        assert shown["en"] & shown["es"] == set()


@pytest.mark.parametrize("name", PAGES)
def test_the_language_can_be_switched_on_every_page(
    window: Window, qapp: QApplication, name: str
) -> None:
    set_language("en")
    window.retranslate()
    gallery.show(window, name)
    settle(qapp)
    before = window.navigator.shown.title.text()
    window.header.languages.setCurrentIndex(0)
    settle(qapp)
    assert window.navigator.shown.title.text() != before
    window.header.languages.setCurrentIndex(1)
    settle(qapp)
    assert window.navigator.shown.title.text() == before


# Cancelling and closing -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_escape_works_on_every_page(window: Window, qapp: QApplication, name: str) -> None:
    gallery.show(window, name)
    settle(qapp)
    is_overlay = window.navigator.shown is not window.pages.view(window.flow.page)
    can = window.flow.can(Move.CANCEL) and window.navigator.shown.can_be_cancelled()
    page, view = window.flow.page, window.navigator.shown
    waits = name in ("signing-in", "sign-in-code")
    if isinstance(view, SignInPage):
        assert view._is_waiting == waits
    QTest.keyClick(window, Qt.Key.Key_Escape)
    settle(qapp)
    if is_overlay:
        assert window.navigator.shown is window.pages.view(page)
    elif waits:
        assert window.flow.page is page
        assert isinstance(view, SignInPage)
        assert not view._is_waiting
    elif can:
        # The password page was not on the way to this check.
        found = Page.FOUND if page is Page.TESTING else FLOW[page, Move.CANCEL]
        assert window.flow.page is found
    else:
        assert window.flow.page is page


@pytest.mark.parametrize("name", PAGES)
def test_the_window_can_be_closed_on_every_page(
    window: Window, qapp: QApplication, name: str
) -> None:
    gallery.show(window, name)
    settle(qapp)
    window.close()
    assert not window.services.bridge.is_running
    assert window.state.credentials.password == ""


def test_closing_during_the_search_ends_the_engine(make_person: MakePerson) -> None:
    assistant = Scripted(forever=frozenset({"discover"}))
    person = make_person(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.bot.waitUntil(lambda: "discover" in assistant.started)
    person.window.close()
    assert assistant.cancelled == ["discover"]


# Said aloud -------------------------------------------------------------------------------------


def test_each_step_and_the_result_are_announced(person: Person, announcements: list[str]) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert any("correo-iberico.es" in line for line in announcements)
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert "Sending a test message to yourself: works" in announcements
    assert any("Everything works" in line and "Hosting: works" in line for line in announcements)


def test_a_link_under_the_mouse_is_explained(
    window: Window, qapp: QApplication, announcements: list[str]
) -> None:
    set_language("en")
    gallery.show(window, "broken")
    settle(qapp)
    chain = the_chain(window)
    height = chain.height()
    for link in Link:
        button = chain._links[link]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert chain.explanation.startswith(button.text())
        assert chain.explanation in announcements
        settle(qapp)
        assert chain.height() == height
    assert "broken" in chain._links[Link.ACCOUNT].accessibleName()
    assert "Account: broken" in chain.summary


def test_hover_and_tab_focus_explain_a_link(window: Window, qapp: QApplication) -> None:
    gallery.show(window, "result")
    settle(qapp)
    chain = the_chain(window)
    centre = QPointF(5, 5)
    QApplication.sendEvent(chain._links[Link.DNS], QEnterEvent(centre, centre, centre))
    assert chain.explanation.startswith("DNS")
    chain._links[Link.CLIENT].setFocus(Qt.FocusReason.TabFocusReason)
    qapp.processEvents()
    if chain._links[Link.CLIENT].hasFocus():
        assert chain.explanation.startswith(chain._links[Link.CLIENT].text())


def the_chain(window: Window) -> ChainView:
    (chain,) = window.navigator.shown.findChildren(ChainView)
    return chain


def test_copying_the_message_is_announced(window: Window, announcements: list[str]) -> None:
    gallery.show(window, "hosting")
    view = window.pages.view(Page.RESULT)
    assert isinstance(view, ResultPage)
    announcements.clear()
    QTest.mouseClick(view.copy, Qt.MouseButton.LeftButton)
    assert announcements == ["Copied"]
