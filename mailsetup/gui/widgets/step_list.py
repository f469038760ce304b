"""Steps in rows: icon, text, and a note such as the time taken."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import PlainLabel, without_margins
from mailsetup.gui.widgets.status_icon import StatusIcon, StatusLight


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """One row. ``note`` stands at its end, such as a time."""

    text: str
    light: StatusLight
    note: str = ""


class _Row(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.status_icon = StatusIcon()
        self.text = PlainLabel()
        self.note = PlainLabel(role="muted")
        self.note.setWordWrap(False)
        row = without_margins(QHBoxLayout(self), Space.SMALL)
        row.addWidget(self.status_icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        row.addWidget(self.note, 0, Qt.AlignmentFlag.AlignTop)

    def show_step(self, step: ProgressStep) -> None:
        self.status_icon.set_light(step.light)
        self.text.setText(step.text)
        self.text.setAccessibleName(f"{step.text}: {step.light.word}")
        self.text.set_role("" if step.light is not StatusLight.UNKNOWN else "muted")
        self.note.show_text(step.note)


class StepList(QWidget):
    """Rows change in place and new ones are appended, so that nothing moves."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[_Row] = []
        self._steps: tuple[ProgressStep, ...] = ()
        self._column = without_margins(QVBoxLayout(self), Space.SMALL)

    @property
    def steps(self) -> tuple[ProgressStep, ...]:
        """The shown steps."""
        return self._steps

    def show_steps(self, steps: Sequence[ProgressStep]) -> None:
        """Show these steps."""
        while len(self._rows) < len(steps):
            row = _Row()
            self._rows.append(row)
            self._column.addWidget(row)
        for index, row in enumerate(self._rows):
            row.setVisible(index < len(steps))
            if index < len(steps) and steps[index : index + 1] != list(
                self._steps[index : index + 1]
            ):
                row.show_step(steps[index])
        self._steps = tuple(steps)
        self.setVisible(bool(steps))
