"""Starting the window."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QSettings, Qt, QTimer, QTranslator
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from mailsetup import resources
from mailsetup.gui.appearance import Appearance
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.window import Window
from mailsetup.i18n import language, suggest_language
from mailsetup.system.settings_folder import portable_folder

if TYPE_CHECKING:
    from mailsetup.assistant.service import Assistant
    from mailsetup.demo.mail_system import DemoMailSystem


def run(
    demo: "DemoMailSystem | None" = None,
    screenshot: str | None = None,
    *,
    platform: str = "",
    opened: Path | None = None,
) -> int:
    """Show the window until it is closed. With ``screenshot`` it is painted into a file instead.

    ``platform`` is Qt's plug-in to use; "" leaves the choice to Qt. ``opened`` is a settings file.
    """
    application = make_application(platform)

    def make_assistant() -> "Assistant":
        from mailsetup.assistant.service import Assistant
        from mailsetup.demo.assistant import demo_assistant

        return demo_assistant(demo) if demo else Assistant()

    # A demo leaves no trace, and a picture is no window of the user.
    preferences = Preferences(None if demo or screenshot else _stored_settings())
    suggest_language(preferences.language)
    window = Window(
        make_assistant,
        demo.accounts if demo else (),
        preferences=preferences,
        computer=demo.computer if demo else None,
    )
    if opened is not None:
        open_settings(window, opened)
    window.show()
    if screenshot:
        QTimer.singleShot(0, lambda: _paint(application, window, screenshot))
    return application.exec()


def _stored_settings() -> QSettings:
    portable = portable_folder()
    if portable is None:
        return QSettings("mailsetup", "mailsetup")
    return QSettings(str(portable / "window.ini"), QSettings.Format.IniFormat)


def open_settings(window: Window, path: Path) -> None:
    """Begin with the servers of a settings file, or with what is wrong with it."""
    from mailsetup.assistant.settings_file import SettingsFileFailure, read_shared_settings

    read = read_shared_settings(path)
    if isinstance(read, SettingsFileFailure):
        window.state.search = replace(window.state.search, problem=read.sentence)
    else:
        window.state.use_opened_file(path, read.owner)
    window.begin_at_address()


def make_application(platform: str = "") -> QApplication:
    """The one QApplication, with the theme that follows the system's light and dark."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        application = existing
    else:
        QApplication.setHighDpiScaleFactorRoundingPolicy(
            Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
        )
        application = QApplication([*sys.argv[:1], *(("-platform", platform) if platform else ())])
    application.setApplicationName("mailsetup")
    application.setApplicationDisplayName("mailsetup")
    application.setDesktopFileName("mailsetup")
    application.setWindowIcon(QIcon(str(resources.path("icons", "mailsetup.svg"))))
    Appearance.of(application)
    _translate_qt(application)
    return application


def _translate_qt(application: QApplication) -> None:
    """Translations of Qt's own texts (file dialogs, context menus) come with Qt."""
    translator = QTranslator(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(language()), "qtbase", "_", folder):
        application.installTranslator(translator)


def _paint(application: QApplication, window: Window, path: str) -> None:
    saved = window.grab().save(path)
    window.close()
    application.exit(0 if saved else 1)
