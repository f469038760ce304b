"""The window: turns the flow's pages, and lets done what they want."""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot, qVersion
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from mailsetup.assistant.flow import BEFORE, TRANSIENT, Flow, Move, Page
from mailsetup.gui.appearance import Appearance
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.dialogs import Dialogs
from mailsetup.gui.header_footer import Footer, Header
from mailsetup.gui.jobs.batch import BatchJobs
from mailsetup.gui.jobs.programs import ProgramJobs
from mailsetup.gui.jobs.search_and_check import Jobs
from mailsetup.gui.jobs.sign_in import SignInJobs
from mailsetup.gui.page import BatchRun, Overlay, PageView, Request
from mailsetup.gui.page_area import Card, PageStack
from mailsetup.gui.pages.factory import make_view
from mailsetup.gui.pages.searching import SearchingPage
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.session import Session
from mailsetup.gui.theme import refit_type
from mailsetup.gui.widgets.basic import announce
from mailsetup.i18n import _, language, set_language

if TYPE_CHECKING:
    from mailsetup.apply.installation import Computer
    from mailsetup.assistant.service import Assistant
    from mailsetup.demo.accounts import DemoAccount
    from mailsetup.gui.report_saver import ReportSaver
    from mailsetup.model.settings import ServerSettings

_START_SIZE = QSize(880, 680)
_SMALLEST = QSize(480, 420)
_LEISURE = 300
"""Milliseconds after which the first picture is surely painted, and loading disturbs nobody."""
_PAINTED = 30
"""Milliseconds after which a page that was turned to is on the screen."""
_SEEN = 300
"""Milliseconds for which Enter was meant for the page before, not for what was found."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Window(QWidget):
    """The whole assistant. ``make_assistant`` is called in the worker thread; on ``computer``
    (this one without it) mail programs are looked for and set up."""

    def __init__(
        self,
        make_assistant: "Callable[[], Assistant]",
        demo: "tuple[DemoAccount, ...]" = (),
        *,
        memory: Preferences | None = None,
        dialogs: Dialogs | None = None,
        computer: "Computer | None" = None,
    ) -> None:
        super().__init__()
        self.dialogs = dialogs or Dialogs()
        self.session = Session(demo=demo, memory=memory or Preferences(), computer=computer)
        self.flow = Flow()
        self.bridge = Bridge(self)
        self.jobs = Jobs(self.bridge, self.session, make_assistant)
        self.programs = ProgramJobs(self.bridge, self.session)
        self.fleet = BatchJobs(self.bridge, self.session, self.jobs)
        self.sign_ins = SignInJobs(self.jobs, self.bridge, self.session)
        self._saving: ReportSaver | None = None
        self._pages: dict[Page, PageView] = {}
        self._aside: Overlay | None = None
        self._left_keyboard: QWidget | None = None
        """What on the page had the keyboard before something was opened beside the flow."""
        self._warm = False
        # Making a page takes a good part of what turning to it may take at most.
        self._making_ahead = QTimer(self, singleShot=True, interval=_PAINTED)
        self._making_ahead.timeout.connect(self._make_ahead)
        self.just_turned = QTimer(self, singleShot=True, interval=_SEEN)
        """Runs while nobody can have read yet where the mail is kept."""
        application = QApplication.instance()
        if not isinstance(application, QApplication):
            raise TypeError("a window needs an application")
        self.look = Appearance.of(application)
        self._restore_look()
        self._build()
        self.look.changing.connect(self._drop_hidden)
        self.look.changed.connect(self._looked_anew)
        self._show_page()
        self.retranslate()
        self._restore_size()

    # Layout ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setMinimumSize(_SMALLEST)
        self.header = Header(language())
        self.steps, self.languages = self.header.steps, self.header.languages
        self.smaller, self.larger = self.header.smaller, self.header.larger
        self.about = self.header.about
        self.smaller.clicked.connect(lambda: self._change_text_size(-1))
        self.larger.clicked.connect(lambda: self._change_text_size(1))
        self.about.clicked.connect(self.show_about)
        self.languages.currentIndexChanged.connect(self._switch_language)
        self._add_shortcuts()

        self.leaves = PageStack()
        self.area = Card(self.leaves)

        self.footer = Footer()
        self.back, self.cancel = self.footer.back, self.footer.cancel
        self.primary = self.footer.primary
        self.back.clicked.connect(self.go_back)
        self.cancel.clicked.connect(self.cancel_step)
        self.primary.clicked.connect(self.go_on)
        # On some desktops Enter presses the button that has the keyboard, as the space bar does.
        self.primary.installEventFilter(self)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addWidget(self.area, 1)
        whole.addWidget(self.footer)

    def _restore_size(self) -> None:
        saved = self.session.memory.geometry
        if saved is not None and self.restoreGeometry(saved):
            return
        available = self.screen().availableGeometry().size() * 0.9
        self.resize(_START_SIZE.boundedTo(available))

    def _restore_look(self) -> None:
        memory = self.session.memory
        if memory.more_contrast:
            self.look.set_more_contrast(True)
        if memory.text_size != self.look.text_size and memory.is_there:
            self.look.set_text_size(memory.text_size)

    def _add_shortcuts(self) -> None:
        for keys, act in (
            (QKeySequence.StandardKey.ZoomIn, lambda: self._change_text_size(1)),
            (QKeySequence.StandardKey.ZoomOut, lambda: self._change_text_size(-1)),
            (QKeySequence.StandardKey.HelpContents, self.show_about),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    def showEvent(self, event: QShowEvent) -> None:
        """On the screen for the first time: now there is leisure to load the rest."""
        super().showEvent(event)
        if not self._warm:
            self._warm = True
            QTimer.singleShot(_LEISURE, lambda: self.jobs.warm_up(self._making_ahead.start))

    def page_view(self, page: Page) -> PageView:
        """The view of a page, made when first needed."""
        known = self._pages.get(page)
        if known is not None:
            return known
        view = self._pages[page] = make_view(page, self.session)
        self.leaves.add(view)
        view.moved.connect(self._page_moved)
        view.wanted.connect(self._grant)
        view.changed.connect(self._page_changed)
        return view

    @Slot()
    def _make_ahead(self) -> None:
        missing = [page for page in self.flow.ahead if page not in self._pages]
        # Not while the engine works: two who want Python at the same time keep each other waiting.
        if missing and self.jobs.is_warm and self.flow.page not in TRANSIENT:
            self.page_view(missing[0])
            # One at a time: between two of them the mouse and the keyboard have their turn.
            self._making_ahead.start()

    @property
    def shown(self) -> PageView:
        """What is on the card now."""
        return self._aside or self.page_view(self.flow.page)

    # Going about ----------------------------------------------------------------------------

    @Slot()
    def go_on(self) -> None:
        """The primary button."""
        if self._aside is not None:
            self.close_aside()
            return
        view = self.page_view(self.flow.page)
        if self.programs.busy or not view.primary_text() or not view.is_ready():
            return
        if not view.leave():
            return
        match self.flow.page:
            case Page.DONE:
                self._grant(Request.ANOTHER)
            case Page.LOOKING if isinstance(view, SearchingPage) and view.result is not None:
                self._move(view.result)
            case Page.FOUND | Page.MANUAL if self.session.wants_sign_in:
                self._move(Move.SIGN_IN)
            case Page.FOUND if self.session.needs_no_password_page:
                self._move(Move.SECOND if self.session.needs_second else Move.TEST)
            case Page.PASSWORD | Page.SIGN_IN if self.session.needs_second and (
                view.primary_move() is Move.NEXT
            ):
                self._move(Move.SECOND)
            case _:
                self._move(view.primary_move())

    @Slot()
    def go_back(self) -> None:
        """The page before this one; what runs is ended."""
        if self._aside is not None:
            self.close_aside()
            return
        self._end_jobs()
        if self.shown.interrupt():
            return
        if self.flow.page in TRANSIENT:
            self._move(self._way_out())
            return
        self.shown.keep_typed()
        self.flow.back()
        self._show_page()

    @Slot()
    def cancel_step(self) -> None:
        """End what runs; on a quiet page go back to the beginning."""
        if self._aside is not None:
            self.close_aside()
            return
        self._end_jobs()
        if self.shown.interrupt():
            return
        if self.flow.can(Move.CANCEL) and self.shown.can_be_cancelled():
            self._move(self._way_out())

    def _way_out(self) -> Move:
        """Whoever ends a test comes back to where they gave what it was to log in with."""
        if self.flow.page is not Page.TESTING:
            return Move.CANCEL
        if self.session.by_sign_in:
            return Move.SIGN_IN
        return Move.CANCEL if self.flow.came_by(Page.PASSWORD) else Move.FOUND

    def _end_jobs(self) -> None:
        self.jobs.end()
        self.fleet.end()

    @Slot(object)
    def _page_moved(self, move: Move) -> None:
        self._end_jobs()
        self._move(move)

    def _move(self, move: Move) -> None:
        before = self.flow.page
        self.page_view(before).keep_typed()
        self.flow.move(move)
        self._show_page()
        if (before, self.flow.page) == (Page.LOOKING, Page.FOUND):
            self.just_turned.start()
        view = self.page_view(self.flow.page)
        match self.flow.page:
            case Page.LOOKING:
                self.jobs.look(view.take, self._looked)
            case Page.TESTING:
                self.jobs.test(view.take, self._move)
            case Page.FOUND | Page.PASSWORD as page:
                self.jobs.ask_keyring(lambda: self._tell_again(page))
            case Page.SIGN_IN:
                self.jobs.ask_keyring(lambda: self._tell_again(Page.SIGN_IN))
                self.sign_ins.ask_way(self._way_known)
            case Page.PROGRAM:
                self.programs.ask_installed(lambda: self._tell_again(Page.PROGRAM))
            case Page.FLEET_RUN if isinstance(view, BatchRun):
                self.fleet.run(view.follow, self._move)
            case _:
                return

    def _looked(self, move: Move) -> None:
        view = self.page_view(Page.LOOKING)
        if isinstance(view, SearchingPage) and not view.arrived(move):
            return
        self._move(move)

    def _show_page(self) -> None:
        view = self.page_view(self.flow.page)
        self.session.journal.note(f"page: {self.flow.page}")
        self._speak(view)
        view.enter()
        self.steps.show_step(self.flow.step)
        # Whoever reads something beside the flow is not torn away from it.
        if self._aside is None:
            self._present(view)

    def _speak(self, view: PageView) -> None:
        if view.spoken != language():
            view.retranslate()
            view.spoken = language()

    def _present(self, view: PageView) -> None:
        self.leaves.show_only(view)
        self.area.show_top()
        way = self._aside is None and self.flow.page not in BEFORE
        self.header.show_way(way)
        self._refresh_footer()
        self._order_keys(view)
        focus = view.first_focus() or (self.primary if view.primary_text() else self.cancel)
        focus.setFocus()
        announce(self, view.announcement())
        self._making_ahead.start()

    @Slot()
    def _page_changed(self) -> None:
        self._refresh_footer()
        if self.sender() is self.shown:
            self._order_keys(self.shown)

    def _order_keys(self, view: PageView) -> None:
        """With Tab: through the page, then the buttons below, then those on top."""
        order: list[QWidget] = []
        widget = view.nextInFocusChain()
        while widget is not None and widget is not view:
            if view.isAncestorOf(widget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                order.append(widget)
            widget = widget.nextInFocusChain()
        order += [*self.footer.in_order, *self.header.in_order]
        for first, second in itertools.pairwise(order):
            QWidget.setTabOrder(first, second)

    # Beside the flow ------------------------------------------------------------------------

    @Slot()
    def show_about(self) -> None:
        """What the program is, over whatever page is shown."""
        from mailsetup.gui.pages.about import AboutPage

        if not isinstance(self._aside, AboutPage):
            self._open_aside(AboutPage(self.session, self.look, self.session.memory))

    def _show_log(self) -> None:
        from mailsetup.gui.pages.log import LogPage

        journal, session = self.session.journal, self.session
        self._open_aside(LogPage(session, lambda: journal.lines(session.secrets)))

    def _open_aside(self, aside: Overlay) -> None:
        before, self._aside = self._aside, aside
        if before is not None:
            self.leaves.remove(before)
        else:
            self._left_keyboard = self.page_view(self.flow.page).focusWidget()
        self.leaves.add(aside)
        aside.wanted.connect(self._grant)
        aside.enter()
        self._present(aside)

    def close_aside(self) -> None:
        """Back to the page that the flow is on now."""
        aside, self._aside = self._aside, None
        if aside is not None:
            view = self.page_view(self.flow.page)
            self._speak(view)
            self._present(view)
            self.leaves.remove(aside)
            left, self._left_keyboard = self._left_keyboard, None
            # What a page made anew meanwhile is gone, and with it what had the keyboard there.
            if left is not None and isValid(left) and view.isAncestorOf(left) and left.isVisible():
                left.setFocus()

    @Slot()
    def _refresh_footer(self) -> None:
        if self._aside is not None:
            self.primary.setText(self._aside.primary_text())
            self.primary.setEnabled(True)
            self.primary.show()
            self.back.hide()
            self.cancel.hide()
            return
        view = self._pages.get(self.flow.page)
        if view is None:
            return
        working = self.flow.page in TRANSIENT
        text = view.primary_text()
        self.primary.setVisible(bool(text))
        self.primary.setText(text)
        self.primary.setEnabled(view.is_ready() and not self.programs.busy)
        self.back.setVisible(self.flow.can_go_back or working)
        self.cancel.setVisible(self.flow.can(Move.CANCEL) and view.can_be_cancelled())
        self.footer.badge.setVisible(bool(self.session.demo))

    # What pages want ------------------------------------------------------------------------

    @Slot(object)
    def _grant(self, wish: Request) -> None:
        from mailsetup.gui.pages.manual import ManualPage

        match wish:
            case Request.SET_UP_PROGRAM:
                self._set_up_program()
            case Request.ANOTHER:
                self.sign_ins.end()
                self.session.begin_anew()
                self._move(Move.ANOTHER)
            case Request.UNDO:
                self.programs.undo(lambda: self._show_again(Page.DONE))
            case Request.SAVE_FILES:
                folder = self.dialogs.folder(self) if self.session.artifact else ""
                if folder:
                    self.programs.save_files(Path(folder), lambda: self._show_again(Page.DONE))
            case Request.RUN_STEP:
                self.programs.run_step(lambda: self._show_again(Page.DONE))
            case Request.SAVE_REPORT:
                self._save_report()
            case Request.OPEN_DEMO:
                self.jobs.open_demo(self._demo_opened)
            case Request.LEAVE_DEMO:
                self.jobs.leave_demo()
                self._show_again(Page.WELCOME)
            case Request.OPEN_SETTINGS_FILE:
                name = self.dialogs.file(self, _("Which settings file?"))
                if name:
                    self.session.settings_file = Path(name)
                    self.page_view(Page.TECHNICIAN).retranslate()
            case Request.CHOOSE_CA_FILE:
                self._choose_ca_file()
            case Request.REACH_SERVERS:
                view = self.page_view(Page.MANUAL)
                if isinstance(view, ManualPage):
                    for server in view.to_reach():
                        self.jobs.reach(server, partial(self._reached, server))
            case Request.FORGET_ADDRESSES:
                self.session.memory.forget_addresses()
                self._show_again(Page.START)
            case Request.CHOOSE_TABLE:
                name = self.dialogs.file(self, _("Which table?"))
                if name:
                    self.session.fleet.choose(Path(name))
                    self._grant(Request.CHECK_TABLE)
            case Request.CHECK_TABLE:
                self.fleet.check(lambda: self._show_again(Page.FLEET))
                self._show_again(Page.FLEET)
            case Request.CHOOSE_FLEET_FOLDER:
                name = self.dialogs.folder(self)
                if name:
                    self.session.fleet.out = Path(name)
                    self._show_again(Page.FLEET)
            case Request.OPEN_OVERVIEW | Request.OPEN_FLEET_FOLDER:
                out = self.session.fleet.out
                if out is not None:
                    whole = wish is Request.OPEN_FLEET_FOLDER
                    self.dialogs.show(out if whole else out / "report.html")
            case Request.SIGN_IN | Request.SIGN_IN_BY_CODE:
                view = self.page_view(Page.SIGN_IN)
                by_code = wish is Request.SIGN_IN_BY_CODE
                self.sign_ins.sign_in(view.take, self._signed_in, by_code=by_code)
                self._refresh_footer()
            case Request.SAVE_SUPPORT:
                self._save_support()
            case Request.SHOW_LOG:
                self._show_log()
            case _:
                assert_never(wish)

    def _reached(self, server: "ServerSettings", end: JobEnd) -> None:
        from mailsetup.gui.pages.manual import ManualPage

        view = self._pages.get(Page.MANUAL)
        if isinstance(view, ManualPage):
            view.show_reached(server, end)

    def _way_known(self) -> None:
        """Where one signs in is known; without a way, a password may do as well."""
        if self.flow.page is not Page.SIGN_IN:
            return
        if self.session.wants_sign_in:
            self._show_again(Page.SIGN_IN)
        else:
            self._move(Move.PASSWORD)

    def _signed_in(self) -> None:
        """The browser came back, or it did not."""
        if self.flow.page is not Page.SIGN_IN:
            return
        self._show_again(Page.SIGN_IN)
        if self.session.is_signed_in:
            self._move(Move.SECOND if self.session.needs_second else Move.NEXT)

    def _choose_ca_file(self) -> None:
        from mailsetup.gui.pages.technician import TechnicianPage

        view = self.page_view(Page.TECHNICIAN)
        name = self.dialogs.file(self, _("Which file holds the certificates?"))
        if name and isinstance(view, TechnicianPage):
            view.ca_file.edit.setText(name)

    def _save_support(self) -> None:
        name = self.dialogs.new_file(self, "mailsetup-support.txt")
        if not name:
            return
        rows = (
            ("Qt", f"{qVersion()} {QApplication.platformName()}"),
            (_("Text size"), f"{self.look.text_size} %"),
        )
        self.jobs.save_support(Path(name), rows, self._support_saved)

    def _support_saved(self, sentence: str) -> None:
        from mailsetup.gui.pages.about import AboutPage

        if isinstance(self._aside, AboutPage):
            self._aside.tell(sentence)
        announce(self, sentence)

    def _tell_again(self, page: Page) -> None:
        """Something that a page shows is known by now; it may have gone meanwhile."""
        view = self._pages.get(page)
        if view is not None:
            view.retranslate()

    def _show_again(self, page: Page) -> None:
        """Something came of what the page wanted: show and say it."""
        view = self.page_view(page)
        view.enter()
        self._refresh_footer()
        announce(self, view.announcement())

    def _set_up_program(self) -> None:
        from mailsetup.gui.pages.program import ProgramPage

        view = self.page_view(Page.PROGRAM)
        if isinstance(view, ProgramPage):
            program = view.chosen
            if self.programs.set_up(
                program, applies=view.applies(program), done=self._program_set_up
            ):
                view.show_making(program)
            self._refresh_footer()

    def _program_set_up(self, worked: bool) -> None:
        from mailsetup.gui.pages.program import ProgramPage

        view = self.page_view(Page.PROGRAM)
        if isinstance(view, ProgramPage):
            view.show_making("")
        if self.flow.page is not Page.PROGRAM:
            self._refresh_footer()
        elif worked:
            self._move(Move.NEXT)
        else:
            self._show_again(Page.PROGRAM)

    def _demo_opened(self, problem: str) -> None:
        self.session.problem = problem
        if problem or self.flow.page is not Page.WELCOME:
            self._show_again(self.flow.page)
        else:
            self._move(Move.NEXT)

    def _save_report(self) -> None:
        from mailsetup.gui.report_saver import ReportSaver

        session = self.session
        report, address = session.report, session.address
        if report is None or address is None or self._saving is not None:
            return
        name = self.dialogs.new_file(self, f"{address.ascii}.pdf".replace("@", "-"))
        if not name:
            return
        discovery = None if session.typed else session.discovery
        self._saving = ReportSaver(self, report, discovery, session.secrets, Path(name))
        self._saving.finished.connect(self._report_saved)
        self._saving.start()

    @Slot()
    def _report_saved(self) -> None:
        from mailsetup.gui.pages.result import ResultPage

        saving, self._saving = self._saving, None
        view = self.page_view(Page.RESULT)
        if saving is None or not isinstance(view, ResultPage):
            return
        saving.deleteLater()
        sentence = saving.sentence or _("This program made a mistake ({kind}).").format(kind="—")
        view.show_saved(sentence)
        announce(self, sentence)

    # Language, keys, end --------------------------------------------------------------------

    @Slot(int)
    def _switch_language(self, index: int) -> None:
        set_language(self.languages.itemData(index))
        self.session.memory.keep_language(language())
        self.retranslate()

    def _change_text_size(self, steps: int) -> None:
        self.look.step_text_size(steps)
        self.session.memory.keep_look(
            text_size=self.look.text_size, more_contrast=self.look.more_contrast
        )
        announce(self, _("Text size: {percent} %").format(percent=self.look.text_size))

    def changeEvent(self, event: QEvent) -> None:
        """Another text size or another scheme, while the window is open."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._looked_anew()

    @Slot()
    def _looked_anew(self) -> None:
        refit_type(self)
        self.header.draw_icons()
        self.page_view(self.flow.page).restore()
        self._making_ahead.start()
        QTimer.singleShot(0, self, lambda: self.setUpdatesEnabled(True))

    @Slot()
    def _drop_hidden(self) -> None:
        """Pages are made anew from the session when they are needed; only the shown one stays."""
        # Dressed, laid out and painted one after the other, not in one go.
        self.setUpdatesEnabled(False)
        for page, view in list(self._pages.items()):
            if page is not self.flow.page:
                del self._pages[page]
                self.leaves.remove(view)
        self.page_view(self.flow.page).lighten()

    def retranslate(self) -> None:
        """Every text of the window and of all pages, keeping what was typed."""
        self.setWindowTitle("mailsetup")
        self.header.retranslate()
        self.footer.retranslate()
        # The other pages learn it when they are shown: nobody waits for what nobody sees.
        self._speak(self.shown)
        self.steps.show_step(self.flow.step)
        self._refresh_footer()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """An Enter that does not count must not press the primary button by itself either."""
        if watched is self.primary and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress and event.key() in _ENTER
            if pressed and self._too_early(event):
                return True
        return super().eventFilter(watched, event)

    def _too_early(self, enter: QKeyEvent) -> bool:
        """Whether Enter was held down, or pressed before anybody could have read the page."""
        return enter.isAutoRepeat() or (self._aside is None and self.just_turned.isActive())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is the primary button, Escape ends what runs."""
        if event.key() in _ENTER:
            if not self._too_early(event):
                self.go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancel_step()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End everything that runs, then go."""
        self._making_ahead.stop()
        self._end_jobs()
        if self._saving is not None:
            self._saving.wait()
        self.bridge.close(self.jobs.farewell)
        self.session.password = self.session.second_password = ""
        self.session.memory.keep_geometry(self.saveGeometry())
        super().closeEvent(event)
