"""The Qt application for the PDF, the same one as in the tests of the window."""

import pytest
from PySide6.QtWidgets import QApplication

from mailsetup.gui.app import make_application


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's own application object."""
    return make_application()
