"""The shell: steps on top, one card in the middle, Back, Cancel and one primary button below."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Qt, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mailsetup.assistant.events import Event
from mailsetup.assistant.flow import STEPS, TRANSIENT, Flow, Move, Page
from mailsetup.gui.bridge import Bridge, JobEnd, Make
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.looking import LookingPage
from mailsetup.gui.pages.welcome import WelcomePage
from mailsetup.gui.session import Session
from mailsetup.gui.theme import CARD_WIDTH, Space, Type, scaled
from mailsetup.gui.widgets import LinkButton, PlainLabel, announce
from mailsetup.i18n import _, language, set_language
from mailsetup.model.secret import Secret

if TYPE_CHECKING:
    from mailsetup.assistant.service import Assistant
    from mailsetup.demo.world import DemoAccount
    from mailsetup.gui.saving import SavingReport
    from mailsetup.model.settings import ServerSettings

_LANGUAGES = {"es": "Español", "en": "English"}
_START_SIZE = QSize(880, 680)
_SMALLEST = QSize(480, 420)


def _later_page(name: str, session: Session) -> PageView:
    """Pages beyond the first two are made when the window is already on the screen."""
    match Page(name):
        case Page.START:
            from mailsetup.gui.pages.start import StartPage

            return StartPage(session)
        case Page.COMPLAINT:
            from mailsetup.gui.pages.complaint import ComplaintPage

            return ComplaintPage(session)
        case Page.SECOND:
            from mailsetup.gui.pages.second import SecondPage

            return SecondPage(session)
        case Page.FOUND:
            from mailsetup.gui.pages.found import FoundPage

            return FoundPage(session)
        case Page.MANUAL:
            from mailsetup.gui.pages.manual import ManualPage

            return ManualPage(session)
        case Page.PASSWORD:
            from mailsetup.gui.pages.password import PasswordPage

            return PasswordPage(session)
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
            raise ValueError(name)


class StepsBar(QWidget):
    """Where one is: the steps with a number and a name, the current one in bold."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: list[QLabel] = []
        self._current = 0
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.MEDIUM)
        for _step in STEPS:
            label = QLabel()
            label.setTextFormat(Qt.TextFormat.PlainText)
            self._labels.append(label)
            row.addWidget(label)
        row.addStretch(1)

    def show_step(self, current: int) -> None:
        """Mark the current step."""
        self._current = current
        names = (_("Address"), _("Servers"), _("Password"), _("Test"), _("Program"))
        self.setAccessibleName(
            _("Step {number} of {count}: {name}").format(
                number=current + 1, count=len(STEPS), name=names[current]
            )
        )
        for with_names in (True, False):
            self._label(names, with_names=with_names)
            if self._row.sizeHint().width() <= self.width():
                break

    def _label(self, names: tuple[str, ...], *, with_names: bool) -> None:
        """Where the names do not fit beside each other, only the current step keeps its own."""
        for index, (label, name) in enumerate(zip(self._labels, names, strict=True)):
            here = index == self._current
            sign = "✔" if index < self._current else str(index + 1)
            label.setText(f"{sign} {name}" if with_names or here else sign)
            label.setProperty("role", "domain" if here else "muted")
            label.style().unpolish(label)
            label.style().polish(label)
            font = scaled(self.font(), Type.SMALL)
            font.setBold(here)
            label.setFont(font)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room: show more or fewer names."""
        super().resizeEvent(event)
        self.show_step(self._current)

    def minimumSizeHint(self) -> QSize:
        """Room for the numbers; names only as far as they fit."""
        return QSize(0, super().minimumSizeHint().height())


class Ground(QWidget):
    """What scrolls. As high as its wrapped texts need it at the present width.

    QScrollArea asks for that height only when its own size changes, not when a text does.
    """

    def event(self, event: QEvent) -> bool:
        """Take the height along with every change of the layout."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            needed = max(self.heightForWidth(self.width()), 0)
            if needed != self.minimumHeight():
                self.setMinimumHeight(needed)
        return handled


class Leaves(QWidget):
    """The pages, one at a time. Hidden ones ask for no room, unlike those of a QStackedWidget."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._pages: list[QWidget] = []

    def add(self, page: QWidget) -> None:
        """One page more, not shown yet."""
        page.hide()
        self._pages.append(page)
        self._column.addWidget(page)

    def show_only(self, page: QWidget) -> None:
        """Turn to a page."""
        for other in self._pages:
            if other is not page:
                other.hide()
        page.show()


class Window(QWidget):
    """The whole assistant. ``make_assistant`` is called in the worker thread."""

    def __init__(
        self,
        make_assistant: "Callable[[], Assistant]",
        demo: "tuple[DemoAccount, ...]" = (),
        *,
        settings: QSettings | None = None,
        choose_folder: Callable[[QWidget], str] | None = None,
        choose_file: Callable[[QWidget, str], str] | None = None,
    ) -> None:
        super().__init__()
        self._make_assistant = make_assistant
        self._assistant: Assistant | None = None
        self._settings = settings
        self._choose_folder = choose_folder or _ask_for_folder
        self._choose_file = choose_file or _ask_for_file
        self.session = Session(demo=demo)
        self.flow = Flow()
        self.bridge = Bridge(self)
        self._job: int | None = None
        self._busy = False
        self._saving: SavingReport | None = None
        self._pages: dict[Page, PageView] = {}
        self._build()
        self._add(WelcomePage(self.session))
        self._show_page()
        self.retranslate()
        self._restore_size()

    # Layout ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setMinimumSize(_SMALLEST)
        self.steps = StepsBar()
        self.badge = PlainLabel(role="badge", size=Type.SMALL)
        self.badge.setWordWrap(False)
        self.badge.setVisible(bool(self.session.demo))
        self.languages = QComboBox()
        for code, name in _LANGUAGES.items():
            self.languages.addItem(name, code)
        self.languages.setCurrentIndex(list(_LANGUAGES).index(language()))
        self.languages.currentIndexChanged.connect(self._switch_language)
        top = QHBoxLayout()
        top.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.SMALL)
        top.addWidget(self.steps, 1)
        top.addWidget(self.languages)

        self.leaves = Leaves()
        card = QWidget()
        card.setObjectName("card")
        card.setMaximumWidth(CARD_WIDTH)
        inner = QVBoxLayout(card)
        inner.setContentsMargins(Space.HUGE, Space.LARGE, Space.HUGE, Space.LARGE)
        inner.addWidget(self.leaves)
        ground = Ground()
        ground.setObjectName("ground")
        middle = QHBoxLayout(ground)
        middle.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.SMALL)
        middle.addStretch(1)
        middle.addWidget(card, 100)
        middle.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setWidget(ground)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)

        self.back = LinkButton()
        self.back.clicked.connect(self.go_back)
        self.cancel = QPushButton()
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.cancel_step)
        self.primary = QPushButton()
        self.primary.setProperty("role", "primary")
        self.primary.setDefault(True)
        self.primary.clicked.connect(self.go_on)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.MEDIUM)
        bottom.setSpacing(Space.SMALL)
        bottom.addWidget(self.back)
        bottom.addWidget(self.badge)
        bottom.addStretch(1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.primary)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self.area, 1)
        whole.addLayout(bottom)

    def _restore_size(self) -> None:
        saved = self._settings.value("geometry") if self._settings else None
        if isinstance(saved, QByteArray) and self.restoreGeometry(saved):
            return
        available = self.screen().availableGeometry().size() * 0.9
        self.resize(_START_SIZE.boundedTo(available))

    def _add(self, page: PageView) -> PageView:
        self._pages[page.page] = page
        self.leaves.add(page)
        page.moved.connect(self._page_moved)
        page.changed.connect(self._refresh_footer)
        return page

    def page_view(self, page: Page) -> PageView:
        """The view of a page, made when first needed."""
        known = self._pages.get(page)
        if known is not None:
            return known
        if page is Page.LOOKING:
            return self._add(LookingPage(self.session))
        made = self._add(_later_page(page, self.session))
        from mailsetup.gui.pages.done import DonePage
        from mailsetup.gui.pages.result import ResultPage

        if isinstance(made, DonePage):
            made.save_wanted.connect(self._save_files)
            made.undo_wanted.connect(self._undo)
        elif isinstance(made, ResultPage):
            made.report_wanted.connect(self._save_report)
        return made

    # Going about ----------------------------------------------------------------------------

    @Slot()
    def go_on(self) -> None:
        """The primary button."""
        view = self.page_view(self.flow.page)
        if self._busy or not view.primary_text() or not view.is_ready() or not view.leave():
            return
        match self.flow.page:
            case Page.PROGRAM:
                self._set_up_program()
            case Page.DONE:
                self.session.begin_anew()
                self._move(Move.ANOTHER)
            case Page.PASSWORD if self._needs_second():
                self._move(Move.SECOND)
            case _:
                self._move(Move.NEXT)

    def _needs_second(self) -> bool:
        symptom = self.session.symptom
        return symptom is not None and symptom.needs_second_mailbox

    @Slot()
    def go_back(self) -> None:
        """The page before this one; what runs is ended."""
        self._end_job()
        if self.flow.page in TRANSIENT:
            self._move(Move.CANCEL)
            return
        self.flow.back()
        self._show_page()

    @Slot()
    def cancel_step(self) -> None:
        """End what runs; on a quiet page go back to the beginning."""
        self._end_job()
        if self.flow.can(Move.CANCEL):
            self._move(Move.CANCEL)

    @Slot(object)
    def _page_moved(self, move: Move) -> None:
        self._end_job()
        self._move(move)

    def _move(self, move: Move) -> None:
        self.flow.move(move)
        self._show_page()
        match self.flow.page:
            case Page.LOOKING:
                self._look()
            case Page.TESTING:
                self._test()
            case Page.PASSWORD:
                self._ask_keyring()
            case Page.PROGRAM:
                self._ask_installed()
            case _:
                return

    def _show_page(self) -> None:
        view = self.page_view(self.flow.page)
        view.enter()
        view.retranslate()
        self.leaves.show_only(view)
        self.area.verticalScrollBar().setValue(0)
        self.steps.show_step(self.flow.step)
        self._refresh_footer()
        focus = view.first_focus() or (self.primary if view.primary_text() else self.cancel)
        focus.setFocus()
        announce(self, view.announcement())

    @Slot()
    def _refresh_footer(self) -> None:
        view = self._pages.get(self.flow.page)
        if view is None:
            return
        working = self.flow.page in TRANSIENT
        text = view.primary_text()
        self.primary.setVisible(bool(text))
        self.primary.setText(text)
        self.primary.setEnabled(view.is_ready() and not self._busy)
        self.back.setVisible(self.flow.can_go_back or working)
        self.cancel.setVisible(self.flow.can(Move.CANCEL))

    # The engine's jobs ----------------------------------------------------------------------

    def _start(
        self, make: Make, on_end: Callable[[JobEnd], None], on_event: Callable[[Event], None]
    ) -> None:
        self._end_job()
        self._job = self.bridge.start(make, on_end, on_event)

    def _end_job(self) -> None:
        if self._job is not None:
            self.bridge.cancel(self._job)
            self._job = None
        self._busy = False

    def _engine(self) -> "Assistant":
        """The assistant; called in the worker thread, so that its imports block nobody."""
        if self._assistant is None:
            self._assistant = self._make_assistant()
        return self._assistant

    def _look(self) -> None:
        address = self.session.address
        view = self.page_view(Page.LOOKING)
        if address is None or not isinstance(view, LookingPage):
            return

        agreed = self.session.agreed_before

        async def look(emit: Callable[[Event], None]) -> object:
            engine = self._engine()
            found = await engine.discover(address, emit, agreed=agreed)
            known = found.settings is not None or bool(found.confirm)
            absence = () if known else (await engine.explain_absence(address, found)).findings
            return found, absence

        self._start(look, self._looked, view.take)

    def _looked(self, end: JobEnd) -> None:
        self._job = None
        if not isinstance(end.value, tuple):
            self.session.defect = end.defect
            self._move(Move.NOT_FOUND)
            return
        self.session.discovery, self.session.absence = end.value
        discovery = self.session.discovery
        found = discovery is not None and (discovery.settings is not None or discovery.confirm)
        self._move(Move.FOUND if found else Move.NOT_FOUND)

    def _test(self) -> None:
        from mailsetup.gui.pages.testing import TestingPage

        session = self.session
        account, view = session.account, self.page_view(Page.TESTING)
        if account is None or not isinstance(view, TestingPage):
            return
        secret = Secret(session.password)
        discovery = None if session.typed else session.discovery
        agreed = discovery.confirm if discovery is not None and session.agreed else ()
        careful = session.was_refused
        symptom, previous = session.symptom, session.last_report
        other, other_secret = session.second, Secret(session.second_password)
        session.second_problem = ""

        async def test(emit: Callable[[Event], None]) -> object:
            from mailsetup.assistant.service import CheckRequest, alternatives_to

            others: tuple[ServerSettings, ...] = ()
            if discovery is not None and discovery.settings is not None:
                others = alternatives_to(account, discovery.settings)
            engine = self._engine()
            second = await engine.find_second(other, other_secret) if other else None
            request = CheckRequest(
                account=account,
                secret=secret,
                second=second,
                symptom=symptom,
                previous=previous,
                alternatives=others,
                discovery=discovery,
                agreed=(*session.agreed_before, *agreed),
                one_login_at_a_time=careful,
            )
            report = await engine.check(request, emit)
            if session.keep_password and report.is_healthy:
                await engine.store_secret(account.address, secret)
            return report, other is None or second is not None

        self._start(test, self._tested, view.take)

    def _tested(self, end: JobEnd) -> None:
        from mailsetup.assistant.report import CheckReport

        session = self.session
        self._job = None
        session.defect = end.defect
        report, took_part = end.value if isinstance(end.value, tuple) else (None, True)
        session.report = session.last_report = report if isinstance(report, CheckReport) else None
        if not took_part:
            session.second_problem = _(
                "The servers of {address} were not found, so that mailbox took no part."
            ).format(address=session.second)
        if session.report is not None:
            # A server that answered in place of one that did not is the one to set up.
            session.account = session.report.account
        self._move(Move.ENDED)

    def _ask_keyring(self) -> None:
        if self.session.keyring_known:
            return

        async def ask(_emit: Callable[[Event], None]) -> object:
            return await self._engine().vault_state()

        def asked(end: JobEnd) -> None:
            from mailsetup.vault import VaultState

            if isinstance(end.value, VaultState):
                self.session.keyring = end.value.name if end.value.available else ""
                self.session.keyring_known = True
                self.page_view(Page.PASSWORD).retranslate()

        self.bridge.start(ask, asked)

    def _ask_installed(self) -> None:
        async def ask(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export.table import EXPORTERS, installed
            from mailsetup.export.thunderbird_places import places

            return {program.id: installed(program.id) for program in EXPORTERS}, places()

        def asked(end: JobEnd) -> None:
            if isinstance(end.value, tuple):
                self.session.installed, self.session.places = end.value
                self.page_view(Page.PROGRAM).retranslate()

        self.bridge.start(ask, asked)

    # Setting up a program -------------------------------------------------------------------

    def _set_up_program(self) -> None:
        from mailsetup.gui.pages.program import ProgramPage

        session, view = self.session, self.page_view(Page.PROGRAM)
        account = session.account
        if account is None or not isinstance(view, ProgramPage):
            return
        program, applies = session.program, view.applies()
        session.forget_program()
        place = session.place or "new"
        secret = Secret(session.password) if session.store_in_program else None

        async def set_up(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export import thunderbird_existing
            from mailsetup.export.evolution_apply import apply_evolution
            from mailsetup.export.table import exporter

            if applies and program == "evolution":
                return apply_evolution(account)
            if applies:
                return thunderbird_existing.apply(account, profile=place, password=secret)
            chosen = exporter(program)
            return chosen.export(account) if chosen else None

        self._busy = True
        self._refresh_footer()
        self._start(set_up, self._program_set_up, lambda _event: None)

    def _program_set_up(self, end: JobEnd) -> None:
        from mailsetup.export import evolution_apply
        from mailsetup.export.exporter import Artifact, CannotExport
        from mailsetup.export.thunderbird_existing import AlreadyThere
        from mailsetup.export.thunderbird_profile import Applied, ApplyRefused

        self._job = None
        self._busy = False
        self.session.problem = ""
        match end.value:
            case Applied() | AlreadyThere() as applied:
                changed = applied if isinstance(applied, Applied) else None
                self.session.applied = str(changed.outcome) if changed else "already-there"
                self.session.profile = applied.profile
                self.session.command = tuple(applied.command)
                corrected = changed.corrected if changed else ()
                self.session.notes = (*corrected, *applied.notes)
                self._move(Move.NEXT)
            case Artifact() as artifact:
                self.session.artifact = artifact
                self._move(Move.NEXT)
            case evolution_apply.Applied() as done:
                self.session.artifact = Artifact((), done.steps, done.notes)
                self._move(Move.NEXT)
            case evolution_apply.ApplyRefused(reason=reason):
                self._program_problem(reason)
            case ApplyRefused(reason=reason) | CannotExport(reason=reason):
                self._program_problem(reason)
            case _:
                self._program_problem(
                    _("This program made a mistake ({kind}).").format(kind=end.defect)
                )

    def _program_problem(self, sentence: str) -> None:
        self.session.problem = sentence
        view = self.page_view(Page.PROGRAM)
        view.retranslate()
        self._refresh_footer()
        announce(self, sentence)

    @Slot()
    def _undo(self) -> None:
        profile = self.session.profile
        if profile is None:
            return

        async def take_back(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export.thunderbird_undo import undo

            return undo(profile)

        def taken_back(end: JobEnd) -> None:
            from mailsetup.export.thunderbird_undo import Undone, UndoRefused

            match end.value:
                case Undone(notes=notes):
                    self.session.applied, self.session.command = "undone", ()
                    self.session.notes, self.session.problem = tuple(notes), ""
                case UndoRefused(reason=reason):
                    self.session.problem = reason
                case _:
                    kind = end.defect
                    self.session.problem = _("This program made a mistake ({kind}).").format(
                        kind=kind
                    )
            view = self.page_view(Page.DONE)
            view.enter()
            announce(self, view.announcement())

        self.bridge.start(take_back, taken_back)

    @Slot()
    def _save_files(self) -> None:
        artifact = self.session.artifact
        folder = self._choose_folder(self) if artifact is not None else ""
        if artifact is None or not folder:
            return

        async def save(_emit: Callable[[Event], None]) -> object:
            from mailsetup.export.write import write_artifact

            return write_artifact(artifact, Path(folder))

        def saved(end: JobEnd) -> None:
            from mailsetup.export.write import WriteRefused, Written

            if isinstance(end.value, Written):
                self.session.saved, self.session.problem = tuple(end.value.paths), ""
            elif isinstance(end.value, WriteRefused):
                self.session.problem = end.value.reason
            view = self.page_view(Page.DONE)
            view.enter()
            announce(self, view.announcement())

        self.bridge.start(save, saved)

    @Slot()
    def _save_report(self) -> None:
        from mailsetup.gui.saving import SavingReport

        session = self.session
        report, address = session.report, session.address
        if report is None or address is None or self._saving is not None:
            return
        name = self._choose_file(self, f"{address.ascii}.pdf".replace("@", "-"))
        if not name:
            return
        discovery = None if session.typed else session.discovery
        secrets = [Secret(text) for text in (session.password, session.second_password) if text]
        self._saving = SavingReport(self, report, discovery, secrets, Path(name))
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
        self.retranslate()

    def retranslate(self) -> None:
        """Every text of the window and of all pages, keeping what was typed."""
        self.setWindowTitle("mailsetup")
        self.languages.setAccessibleName(_("Language"))
        self.badge.setText(_("Demo – nothing leaves this computer"))
        self.back.setText(_("← &Back"))
        self.cancel.setText(_("Cancel"))
        for view in self._pages.values():
            view.retranslate()
        self.steps.show_step(self.flow.step)
        self._refresh_footer()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is the primary button, Escape ends what runs."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_on()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancel_step()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End everything that runs, then go."""
        self._end_job()
        if self._saving is not None:
            self._saving.wait()
        self.bridge.close(self._assistant.close if self._assistant is not None else None)
        self.session.password = self.session.second_password = ""
        if self._settings is not None:
            self._settings.setValue("geometry", self.saveGeometry())
        super().closeEvent(event)


def _ask_for_file(parent: QWidget, proposed: str) -> str:
    title, kinds = _("Where shall the report go?"), "PDF (*.pdf);;HTML (*.html);;TXT (*.txt)"
    name, kind = QFileDialog.getSaveFileName(parent, title, proposed, kinds)
    if name and not Path(name).suffix:
        name += f".{kind.partition(' ')[0].lower()}"
    return name


def _ask_for_folder(parent: QWidget) -> str:
    return QFileDialog.getExistingDirectory(parent, _("Where shall the files go?"))
