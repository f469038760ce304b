"""The program is set up, or the steps to do it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.apply import texts
from mailsetup.apply.result import ProfileApplied, Undone
from mailsetup.apply.targets import find_target
from mailsetup.assistant.flow import Move, Page
from mailsetup.assistant.texts.common import demo_note
from mailsetup.export.exporter import InstructionStep
from mailsetup.gui.page import PageView, Request
from mailsetup.gui.session import Session
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import (
    CopyRow,
    LinkButton,
    Notice,
    PlainLabel,
    action_button,
    clear,
)
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.gui.widgets.qr_view import QrView
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.i18n import _, ngettext
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.apply.outlook import RunStep

_AT_ONCE = 1
"""Steps (some with several values) that are added before the window looks at the mouse again."""


class DonePage(PageView):
    """The end, and the way to another beginning."""

    page = Page.DONE

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sign = self.put_sign_beside_title()
        self.sentence = PlainLabel()
        self._problem = PlainLabel(role="fault")
        self._notes = Notice()
        self._notes_text = PlainLabel()
        self._notes.add(self._notes_text)
        self._entered = False
        # A timer of the page's own ends with the page.
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._add_steps)
        self._waiting: list[tuple[int, InstructionStep]] = []
        self._steps = QWidget()
        steps = QVBoxLayout(self._steps)
        steps.setContentsMargins(0, 0, 0, 0)
        steps.setSpacing(Space.SMALL)
        self.another = action_button()
        self.another.clicked.connect(lambda: self.wanted.emit(Request.ANOTHER))
        self.undo = action_button()
        self.undo.clicked.connect(lambda: self.wanted.emit(Request.UNDO))
        self.save = action_button()
        self.save.clicked.connect(lambda: self.wanted.emit(Request.SAVE_FILES))
        self.open_folder = action_button()
        self.open_folder.clicked.connect(self._open_folder)
        self.other_program = action_button()
        self.other_program.clicked.connect(lambda: self.moved.emit(Move.AGAIN))
        actions = wrapping_row(
            self.another, self.save, self.open_folder, self.other_program, self.undo
        )
        self.offers = QWidget()
        """What may be run on this computer, so that nobody has to type it."""
        offers = QVBoxLayout(self.offers)
        offers.setContentsMargins(0, 0, 0, 0)
        offers.setSpacing(Space.SMALL)
        self.code = QrView()
        for widget in (
            self.sentence,
            self._problem,
            self._notes,
            self.code,
            actions,
            self.offers,
            self._steps,
        ):
            self.column.addWidget(widget)
        self.column.setAlignment(self.code, Qt.AlignmentFlag.AlignHCenter)
        self.column.addStretch(1)
        self.retranslate()

    def enter(self) -> None:
        """Show what was done."""
        self._entered = True
        self._show()

    def _show(self) -> None:
        session = self.session
        result = session.applied
        applied = session.profile is not None
        is_restored = isinstance(result, Undone) and not result.only_ours
        program = self._program()
        self.another.setVisible(self._opens())
        self.sign.setVisible(applied)
        self.sign.set_light(StatusLight.UNKNOWN if is_restored else StatusLight.OK)
        artifact = session.artifact
        self.save.setVisible(artifact is not None and bool(artifact.files))
        self.open_folder.setVisible(bool(session.saved))
        self._problem.setText(session.problem)
        self._problem.setVisible(bool(session.problem))
        self.undo.setVisible(isinstance(result, ProfileApplied))
        self.undo.setText(
            _("&Take out this account only") if session.only_ours else _("&Take it back")
        )
        if result is not None:
            self.title.setText(texts.title(result, program))
            self.sentence.setText(texts.sentence(result, program))
        else:
            self.title.setText(_("These are the steps"))
            if session.saved:
                folder = plain(str(session.saved[0].parent), 300)
                where = ngettext(
                    "The file is in {folder}.", "The files are in {folder}.", len(session.saved)
                )
                self.sentence.setText(where.format(folder=folder))
            else:
                self.sentence.setText(_("Keep this window open beside your program."))
        notes = session.notes if applied else artifact.notes if artifact else ()
        if session.temporary_home is not None and result is not None:
            notes = (*notes, demo_note(session.temporary_home))
        self._notes_text.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        self.code.set_matrix(None if applied else session.matrix)
        self._show_offers()
        self.lighten()
        self.restore()
        self.changed.emit()

    def lighten(self) -> None:
        """A guide has by far the most widgets of all pages."""
        self._waiting = []
        clear(self._steps)

    def restore(self) -> None:
        """The steps of the guide."""
        artifact = self.session.artifact
        shown = artifact is not None and self.session.profile is None
        self._waiting = list(enumerate(artifact.steps, 1)) if artifact and shown else []
        self._add_steps()

    @Slot()
    def _add_steps(self) -> None:
        """A few at a time: a long guide would keep the window from answering for a moment."""
        layout = self._steps.layout()
        if layout is None:
            return
        now, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        for number, step in now:
            layout.addWidget(PlainLabel(f"{number}.  {step.text}"))
            for value in step.values:
                layout.addWidget(CopyRow(value.label, value.value))
            if step.link.startswith("https://"):
                layout.addWidget(LinkButton(_("Open the page"), step.link))
        if self._waiting:
            self._more.start()
        else:
            self.changed.emit()

    def _opens(self) -> bool:
        """Whether there is a program to open: then that is what comes next."""
        return self.session.profile is not None and bool(self.session.command)

    def _program(self) -> str:
        target = find_target(self.session.program)
        return _(target.title) if target is not None else ""

    def leave(self) -> bool:
        """Open the program, and stay; or go on to another account."""
        if self._opens():
            self._open_program()
            return False
        return True

    def _show_offers(self) -> None:
        clear(self.offers)
        layout, steps = self.offers.layout(), _runnable(self.session)
        for number, step in enumerate(steps):
            if number and layout is not None:
                layout.addWidget(PlainLabel(_("If that did not work:"), role="muted"))
            done = step.way in self.session.ran
            button = action_button()
            button.setText(
                _("Take the entries out again") if done and step.undo else _("Do this for me")
            )
            button.setAccessibleDescription(step.text)
            button.setEnabled(not done or bool(step.undo))
            button.clicked.connect(lambda _on=False, chosen=step: self._run(chosen))
            if layout is not None:
                layout.addWidget(PlainLabel(step.text))
                layout.addWidget(button)
        self.offers.setVisible(bool(steps))

    def _run(self, step: "RunStep") -> None:
        self.session.step = step
        self.wanted.emit(Request.RUN_STEP)

    def _open_program(self) -> None:
        command = self.session.command
        started = False
        if command:
            started, _process = QProcess.startDetached(command[0], list(command[1:]))
        if not started:
            self.session.problem = _("The program could not be started. Open it by hand.")
            self._show()

    def _open_folder(self) -> None:
        if self.session.saved:
            folder = self.session.saved[0].parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def primary_text(self) -> str:
        """The program, or one more account."""
        if self._opens():
            return _("&Open {program}").format(program=self._program())
        return _("Set up another account")

    def announcement(self) -> str:
        """What was done."""
        return f"{self.title.text()}. {self.sentence.text()}"

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.another.setText(_("Set up &another account"))
        self.save.setText(_("&Save the files …"))
        self.open_folder.setText(_("Open the &folder"))
        self.other_program.setText(_("Another &program"))
        if self._entered:
            self._show()


def _runnable(session: Session) -> "tuple[RunStep, ...]":
    """The steps into classic Outlook, once its files stand in a folder."""
    target = find_target(session.program)
    if target is None or target.run_steps is None:
        return ()
    if not (session.outlook and session.saved and session.account):
        return ()
    return target.run_steps(session.account, session.saved[0].parent.absolute(), session.outlook)
