"""Light and dark, contrast, text size, direction: while the window is open."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from mailsetup.assistant.flow import Page
from mailsetup.gui.appearance import TEXT_SIZES, Appearance
from mailsetup.gui.pages.found import FoundPage
from mailsetup.gui.theme import (
    DARK,
    DARK_CONTRAST,
    LIGHT,
    LIGHT_CONTRAST,
    Space,
    colours_of,
    is_dark,
)
from mailsetup.gui.widgets.chain_view import ChainView
from mailsetup.gui.window import Window
from mailsetup.i18n import set_language
from mailsetup.model.finding import Link
from tests.gui.test_every_page import PAGES, cut_texts, settle
from tests.support.gui import gallery


@pytest.fixture(autouse=True)
def _spanish(qapp: QApplication) -> Iterator[None]:
    """Spanish texts are longer. Restores the scheme and the direction afterwards."""
    set_language("es")
    yield
    Appearance.of(qapp).dark_now = is_dark
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def the_system_turns(qapp: QApplication, *, dark: bool) -> None:
    """The offscreen platform has no scheme of its own to switch."""
    Appearance.of(qapp).dark_now = lambda _application: dark
    scheme = Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light
    qapp.styleHints().colorSchemeChanged.emit(scheme)


def test_the_systems_scheme_is_followed_at_once(window: Window, qapp: QApplication) -> None:
    gallery.show(window, "found")
    the_system_turns(qapp, dark=True)
    settle(qapp)
    assert colours_of(window.navigator.shown) is DARK
    the_system_turns(qapp, dark=False)
    settle(qapp)
    assert colours_of(window.navigator.shown) is LIGHT


def test_contrast_can_be_asked_for_in_both_schemes(window: Window, qapp: QApplication) -> None:
    window.appearance.set_more_contrast(True)
    settle(qapp)
    assert colours_of(window) is LIGHT_CONTRAST
    the_system_turns(qapp, dark=True)
    settle(qapp)
    assert colours_of(window) is DARK_CONTRAST


@pytest.mark.parametrize("name", PAGES)
def test_the_largest_text_size_cuts_no_text(window: Window, qapp: QApplication, name: str) -> None:
    window.appearance.set_text_size(TEXT_SIZES[-1])
    settle(qapp)
    gallery.show(window, name)
    settle(qapp)
    assert cut_texts(window) == []
    assert window.width() <= 800


def test_every_text_follows_the_text_size_and_returns(window: Window, qapp: QApplication) -> None:
    gallery.show(window, "result")
    settle(qapp)
    title, body = window.navigator.shown.title, window.footer.primary
    before = (title.font().pointSizeF(), body.font().pointSizeF())
    for _ in TEXT_SIZES:
        window.header.larger.click()
    settle(qapp)
    after = (title.font().pointSizeF(), body.font().pointSizeF())
    assert after == pytest.approx([2 * size for size in before], rel=0.02)
    for _ in TEXT_SIZES:
        window.header.smaller.click()
    settle(qapp)
    assert (title.font().pointSizeF(), body.font().pointSizeF()) == pytest.approx(before, rel=0.02)


@pytest.mark.parametrize("name", PAGES)
def test_right_to_left_layout_is_mirrored_and_cuts_nothing(
    window: Window, qapp: QApplication, name: str
) -> None:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    gallery.show(window, name)
    settle(qapp)
    assert cut_texts(window) == []
    assert window.header.about.x() < window.width() / 2
    if window.footer.primary.isVisible():
        assert window.footer.primary.x() < window.width() / 2
    for chain in window.navigator.shown.findChildren(ChainView):
        places = [chain._links[link].x() for link in Link]
        assert places == sorted(places, reverse=True)


def test_the_steps_fit_their_bar_at_double_text_size(window: Window, qapp: QApplication) -> None:
    window.appearance.set_text_size(TEXT_SIZES[-1])
    for name in ("found", "password", "program"):
        gallery.show(window, name)
        settle(qapp)
        assert window.header.steps.isVisible()
        assert window.header.steps.minimumSizeHint().width() <= window.header.steps.width(), name


def test_a_check_boxs_text_stays_clear_of_a_larger_indicator(
    window: Window, qapp: QApplication
) -> None:
    gallery.show(window, "confirm")
    settle(qapp)
    found = window.pages.view(Page.FOUND)
    assert isinstance(found, FoundPage)
    tick = found.agree
    assert tick.isVisible()
    window.appearance.set_text_size(TEXT_SIZES[-1])
    settle(qapp)
    assert tick._label.x() - tick._indicator_width() >= Space.SMALL
