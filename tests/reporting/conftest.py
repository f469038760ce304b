"""The application object is the window's own, so that tests in one process share it."""

import pytest
from PySide6.QtWidgets import QApplication

from mailsetup.gui.app import make_application


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's own application object."""
    return make_application()
