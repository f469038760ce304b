"""The question whether the commands that a table names may be run: each one is shown whole."""

from dataclasses import replace

from PySide6.QtCore import Signal

from mailsetup.gui.jobs.batch import BatchJobs
from mailsetup.gui.widgets.basic import Notice, PlainLabel
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _, ngettext

READABLE = 100
"""Different commands that a user can be expected to read before agreeing."""


class CommandsQuestion(Notice):
    """Shown while the table would run commands; the answer goes into the state."""

    answered = Signal()

    def __init__(self, batch: BatchJobs) -> None:
        super().__init__()
        self._batch = batch
        self._reason = PlainLabel()
        self.commands = PlainLabel(bold=True)
        self._shown: tuple[str, ...] = ()
        """The commands on the page: the user agrees to nothing else."""
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(lambda _checked: self._store())
        self.add(self._reason, self.commands, self.agree)
        self.setVisible(False)

    def show_commands(self) -> None:
        """Show what the table names now, in the current language."""
        state = self._batch.state
        lines = tuple(command.line for command in state.commands)
        count = len(lines)
        can_be_read = count <= READABLE
        self._shown = lines if can_be_read else ()
        if can_be_read:
            self._reason.setText(
                _("The table names commands that print the passwords. They run on this computer:")
            )
        else:
            self._reason.setText(
                _(
                    "The table names {count} different commands for passwords, too many to be read"
                    " here. Put the passwords into the table, or use the command line."
                ).format(count=count)
            )
        self.commands.setText("\n".join(self._shown))
        self.commands.setVisible(can_be_read)
        self.agree.setText(
            ngettext(
                "&Yes, I know this command: run it",
                "&Yes, I know all of these commands: run them",
                count,
            )
        )
        self.agree.setVisible(can_be_read)
        self.agree.blockSignals(True)
        self.agree.setChecked(bool(self._shown) and set(self._shown) <= set(state.agreed_commands))
        self.agree.blockSignals(False)
        self.setVisible(state.asks_for_commands)

    def _store(self) -> None:
        agreed = self._shown if self.agree.isChecked() else ()
        self._batch.state = replace(self._batch.state, agreed_commands=agreed)
        self.answered.emit()
