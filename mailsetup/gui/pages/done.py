"""The program is set up, or the steps to do it."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mailsetup.apply import texts
from mailsetup.apply.result import ProfileApplied, Undone
from mailsetup.apply.targets import find_target
from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import demo_note
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.export.exporter import InstructionStep
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import (
    CopyRow,
    LinkButton,
    Notice,
    PlainLabel,
    action_button,
    clear,
    without_margins,
)
from mailsetup.gui.widgets.flow_layout import wrapping_row
from mailsetup.gui.widgets.qr_view import QrView
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.i18n import _, ngettext
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.apply.outlook import RunStep

_AT_ONCE = 1
"""Steps (some with several values) that are added before the event loop runs again."""


class DonePage(PageView):
    """The result, and what can be done with it."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.status_icon = self.add_status_icon()
        self.sentence = PlainLabel()
        self._problem = PlainLabel(role="fault")
        self._notes_text = PlainLabel()
        self._notes = Notice(self._notes_text)
        self._entered = False
        # A child of the page is deleted with it.
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._add_steps)
        self._waiting: list[tuple[int, InstructionStep]] = []
        self._steps = QWidget()
        without_margins(QVBoxLayout(self._steps), Space.SMALL)
        self.another = action_button(on_click=self._set_up_another)
        self.undo = action_button(on_click=services.programs.undo)
        self.save = action_button(on_click=self._save_files)
        self.open_folder = action_button(on_click=self._open_folder)
        self.other_program = self.move_button(Move.AGAIN)
        actions = wrapping_row(
            self.another, self.save, self.open_folder, self.other_program, self.undo
        )
        self.offers = QWidget()
        """Steps that can be run on this computer."""
        without_margins(QVBoxLayout(self.offers), Space.SMALL)
        self.code = QrView()
        self.add_to_column(
            self.sentence, self._problem, self._notes, self.code, actions, self.offers, self._steps
        )
        self.column.setAlignment(self.code, Qt.AlignmentFlag.AlignHCenter)
        services.programs.changed.connect(self._job_ended)
        self.retranslate()

    def enter(self) -> None:
        """Show what was done."""
        self._entered = True
        self._show()

    def _show(self) -> None:
        setup, home = self.state.setup, self.state.computer.temporary_home
        result, artifact = setup.applied, setup.artifact
        applied = setup.profile is not None
        is_restored = isinstance(result, Undone) and not result.only_ours
        program = self._program()
        self.another.setVisible(self._opens())
        self.status_icon.setVisible(applied)
        self.status_icon.set_light(StatusLight.UNKNOWN if is_restored else StatusLight.OK)
        self.save.setVisible(artifact is not None and bool(artifact.files))
        self.open_folder.setVisible(bool(setup.saved))
        self._problem.show_text(setup.problem)
        self.undo.setVisible(isinstance(result, ProfileApplied))
        self.undo.setText(
            _("&Take out this account only") if setup.only_ours else _("&Take it back")
        )
        if result is not None:
            self.title.setText(texts.title(result, program))
            self.sentence.setText(texts.sentence(result, program))
        else:
            self.title.setText(_("These are the steps"))
            if setup.saved:
                folder = plain(str(setup.saved[0].parent), 300)
                where = ngettext(
                    "The file is in {folder}.", "The files are in {folder}.", len(setup.saved)
                )
                self.sentence.setText(where.format(folder=folder))
            else:
                self.sentence.setText(_("Keep this window open beside your program."))
        notes = setup.notes if applied else artifact.notes if artifact else ()
        if home is not None and result is not None:
            notes = (*notes, demo_note(home))
        self._notes_text.setText("\n".join(notes))
        self._notes.setVisible(bool(notes))
        self.code.set_matrix(None if applied else setup.matrix)
        self._show_offers()
        self.release()
        self.rebuild()
        self.changed.emit()

    def release(self) -> None:
        """A guide has by far the most widgets of all pages."""
        self._waiting = []
        clear(self._steps)

    def rebuild(self) -> None:
        """The steps of the guide."""
        artifact = self.state.setup.artifact
        shown = artifact is not None and self.state.setup.profile is None
        self._waiting = list(enumerate(artifact.steps, 1)) if artifact and shown else []
        self._add_steps()

    @Slot()
    def _add_steps(self) -> None:
        """A few at a time: the widgets of a long guide take too long for one event."""
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
        """Whether the primary button opens the program."""
        return self.state.setup.profile is not None and bool(self.state.setup.command)

    def _program(self) -> str:
        target = find_target(self.state.program.program)
        return _(target.title) if target is not None else ""

    def leave(self) -> bool:
        """Open the program, and stay; or go on to another account."""
        if self._opens():
            self._open_program()
            return False
        self._start_over()
        return True

    def primary_move(self) -> Move:
        """Another account."""
        return Move.ANOTHER

    def _set_up_another(self) -> None:
        self._start_over()
        self.moved.emit(Move.ANOTHER)

    def _start_over(self) -> None:
        self.services.sign_ins.end()
        self.services.batch.reset()
        self.state.start_over()

    def _save_files(self) -> None:
        has_files = self.state.setup.artifact is not None
        folder = self.services.dialogs.folder(self.window()) if has_files else ""
        if folder:
            self.services.programs.save_files(Path(folder))

    def _job_ended(self) -> None:
        if self.isVisible():
            self.show_again()
        else:
            self.enter()

    def _show_offers(self) -> None:
        clear(self.offers)
        layout, steps = self.offers.layout(), _runnable(self.state)
        for number, step in enumerate(steps):
            if number and layout is not None:
                layout.addWidget(PlainLabel(_("If that did not work:"), role="muted"))
            done = step.mode in self.state.setup.ran
            button = action_button()
            button.setText(
                _("Take the entries out again") if done and step.undo else _("Do this for me")
            )
            button.setAccessibleDescription(step.text)
            button.setEnabled(not done or bool(step.undo))
            button.clicked.connect(partial(self.services.programs.run_step, step))
            if layout is not None:
                layout.addWidget(PlainLabel(step.text))
                layout.addWidget(button)
        self.offers.setVisible(bool(steps))

    def _open_program(self) -> None:
        command = self.state.setup.command
        started = False
        if command:
            started, _process = QProcess.startDetached(command[0], list(command[1:]))
        if not started:
            problem = _("The program could not be started. Open it by hand.")
            self.state.setup = replace(self.state.setup, problem=problem)
            self._show()

    def _open_folder(self) -> None:
        if self.state.setup.saved:
            folder = self.state.setup.saved[0].parent
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


def _runnable(state: WizardState) -> "tuple[RunStep, ...]":
    """The steps that can be run once the program's files are saved."""
    target = find_target(state.program.program)
    account, saved, outlook = state.servers.account, state.setup.saved, state.computer.outlook
    if target is None or target.run_steps is None or not (outlook and saved and account):
        return ()
    return target.run_steps(account, saved[0].parent.absolute(), outlook)
