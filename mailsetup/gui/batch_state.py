"""A table of many people in the window."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.files import presence

if TYPE_CHECKING:
    from mailsetup.batch.overview import Overview
    from mailsetup.batch.password_commands import TableCommand
    from mailsetup.batch.table_check import BatchPlan


@dataclass(frozen=True, slots=True)
class BatchState:
    """The table, what was chosen for it, and the result of the last run."""

    table: Path | None = None
    form: str = ""
    """The recognised file format."""
    ignored: tuple[str, ...] = ()
    """Columns that are not used."""
    plan: "BatchPlan | None" = None
    """The checked table; None where there is none or it is being read."""
    problem: str = ""
    """Why the table cannot be used, or why the run stopped, as a sentence."""
    reading: bool = False
    skip_bad: bool = False
    programs: tuple[str, ...] = ("other",)
    check: bool = False
    pdf: bool = False
    out: Path | None = None
    agreed: tuple[str, ...] = ()
    """Companies that the user agreed to."""
    settings: tuple[Path, ...] = ()
    """Settings files that the table names."""
    commands: "tuple[TableCommand, ...]" = ()
    """Commands that the table names for passwords."""
    agreed_commands: tuple[str, ...] = ()
    """Those that the user has seen and agreed to."""
    overview: "Overview | None" = None

    @property
    def is_begun(self) -> bool:
        """Whether an earlier run can be continued."""
        return self.out is not None and presence.is_folder(self.out / ".mailsetup-batch")

    @property
    def asks_for_commands(self) -> bool:
        """Whether commands of the table would be run: only a test needs passwords."""
        return self.check and bool(self.commands)

    @property
    def has_agreed(self) -> bool:
        """Whether the user has agreed to every command that would be run."""
        lines = {command.line for command in self.commands}
        return not self.asks_for_commands or lines <= set(self.agreed_commands)

    @property
    def is_ready(self) -> bool:
        """Whether the run can start."""
        plan = self.plan
        return (
            plan is not None
            and self.out is not None
            and bool(plan.people)
            and (self.skip_bad or not plan.problems)
            and self.has_agreed
        )
