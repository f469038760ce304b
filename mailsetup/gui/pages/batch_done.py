"""The result of a table: how many people are in which state, and the overview."""

from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QWidget

from mailsetup.assistant.flow import Move
from mailsetup.assistant.texts.common import domain_shown
from mailsetup.batch.result import DONE, PersonState, state_word
from mailsetup.gui.page import PageView
from mailsetup.gui.pages.batch_run import LIGHTS
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Space
from mailsetup.gui.widgets.basic import Notice, PlainLabel, action_button, without_margins
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.gui.widgets.wrapping_checkbox import WrappingCheckBox
from mailsetup.i18n import _, ngettext


class BatchDonePage(PageView):
    """Numbers, what to do about the remaining people, and the folder."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.lead = PlainLabel()
        self.states = StepList()
        self._reason = PlainLabel()
        self.domains = PlainLabel(role="domain", bold=True)
        self._asked: tuple[str, ...] = ()
        """The companies on the page: the user agrees to nothing else."""
        self.agree = WrappingCheckBox()
        self.agree.toggled.connect(lambda _checked: self._agreed())
        self.place = PlainLabel(role="muted")
        buttons = QWidget()
        row = without_margins(QHBoxLayout(buttons), Space.SMALL)
        self.overview, self.folder = action_button(), action_button()
        self.overview.clicked.connect(lambda: self._open("report.html"))
        self.folder.clicked.connect(lambda: self._open(""))
        row.addWidget(self.overview)
        row.addWidget(self.folder)
        row.addStretch(1)
        self.question = Notice(self._reason, self.domains, self.agree)
        self.add_to_column(self.lead, self.states, self.question, buttons, self.place)
        self.retranslate()

    @property
    def _left(self) -> int:
        """People for whom a further run could do more."""
        overview = self.services.batch.state.overview
        if overview is None:
            return 0
        return sum(overview.totals[state] for state in PersonState if state not in DONE)

    def _open(self, name: str) -> None:
        """Open a file in the folder of the results, or the folder itself."""
        out = self.services.batch.state.out
        if out is not None:
            self.services.dialogs.show(out / name)

    def _agreed(self) -> None:
        batch = self.services.batch
        others = tuple(domain for domain in batch.state.agreed if domain not in self._asked)
        domains = (*others, *self._asked) if self.agree.isChecked() else others
        batch.state = replace(batch.state, agreed=domains)
        self.changed.emit()

    def enter(self) -> None:
        """Show the numbers, and the companies to be agreed to from now on."""
        overview = self.services.batch.state.overview
        self._asked = overview.confirm if overview is not None else ()
        self.agree.setChecked(False)
        self.retranslate()

    def primary_move(self) -> Move:
        """Once more for those that are left, otherwise done."""
        return Move.AGAIN if self._left else Move.ANOTHER

    def primary_text(self) -> str:
        """See `primary_move`."""
        return _("Go on with those that are left") if self._left else _("Done")

    def can_be_cancelled(self) -> bool:
        """Not once everybody is done."""
        return bool(self._left)

    def first_focus(self) -> QWidget:
        """The overview."""
        return self.overview

    def announcement(self) -> str:
        """The numbers."""
        return f"{self.title.text()}. {self.lead.text()}"

    def retranslate(self) -> None:
        """Texts in the current language."""
        state = self.services.batch.state
        overview = state.overview
        good = overview is not None and not any(
            overview.totals[one]
            for one in PersonState
            if one not in (PersonState.READY, PersonState.WORKS)
        )
        self.title.setText(_("Everybody is set up") if good else _("The table is worked through"))
        self.lead.setText(
            _("Give each person their folder. No password is in any of the files.")
            if good
            else _("The overview says for each person what was found and who has to act.")
        )
        totals = overview.totals if overview is not None else None
        self.states.show_steps(
            [
                ProgressStep(state_word(one).capitalize(), LIGHTS[one], str(totals[one]))
                for one in PersonState
                if totals is not None and totals[one]
            ]
        )
        count = len(self._asked)
        self._reason.setText(
            ngettext(
                "Nobody proves that this company keeps the mail of your people. "
                "Go on only if you know it.",
                "Nobody proves that these companies keep the mail of your people. "
                "Go on only if you know every one of them.",
                count,
            )
        )
        # All of them, whole: the check box agrees to each.
        self.domains.setText("\n".join(map(domain_shown, self._asked)))
        self.agree.setText(
            ngettext(
                "&Yes, I know it: it keeps the mail",
                "&Yes, I know all of them: they keep the mail",
                count,
            )
        )
        self.question.setVisible(bool(self._asked))
        self.overview.setText(_("&Open the overview"))
        self.folder.setText(_("Open the &folder"))
        self.place.setText(str(state.out or ""))
