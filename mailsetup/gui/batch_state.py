"""A table of many people on its way through the window."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailsetup.batch.overview import Overview
    from mailsetup.batch.password_commands import TableCommand
    from mailsetup.batch.table_check import BatchPlan


@dataclass
class BatchState:
    """Pages read from it and write to it."""

    table: Path | None = None
    form: str = ""
    """What was recognised."""
    ignored: tuple[str, ...] = ()
    plan: "BatchPlan | None" = None
    """The table, checked; None where there is none or it is being read."""
    problem: str = ""
    """Why the table cannot be used, or why the run stopped, as a sentence."""
    reading: bool = False
    skip_bad: bool = False
    programs: tuple[str, ...] = ("other",)
    check: bool = False
    pdf: bool = False
    out: Path | None = None
    agreed: tuple[str, ...] = ()
    """Companies that the person agreed to on the way."""
    settings: tuple[Path, ...] = ()
    """Settings files that the table names."""
    commands: "tuple[TableCommand, ...]" = ()
    """Commands that the table names for passwords."""
    agreed_commands: tuple[str, ...] = ()
    """Those that the person has seen and agreed to."""
    overview: "Overview | None" = None

    def choose(self, table: Path) -> None:
        """Another table; where the results go is proposed beside it."""
        self.table, self.plan, self.overview = table, None, None
        self.problem, self.agreed = "", ()
        self.commands, self.agreed_commands = (), ()
        self.out = table.parent / f"{table.stem}-mailsetup"

    @property
    def is_begun(self) -> bool:
        """Whether an earlier run has left something to go on with."""
        from mailsetup.files import presence

        return self.out is not None and presence.is_folder(self.out / ".mailsetup-batch")

    @property
    def asks_for_commands(self) -> bool:
        """Whether commands of the table would be run: only a test needs passwords."""
        return self.check and bool(self.commands)

    @property
    def has_agreed(self) -> bool:
        """Whether the person has agreed to every command that would be run."""
        lines = {command.line for command in self.commands}
        return not self.asks_for_commands or lines <= set(self.agreed_commands)

    @property
    def is_ready(self) -> bool:
        """Whether the run may begin."""
        plan = self.plan
        return (
            plan is not None
            and self.out is not None
            and bool(plan.people)
            and (self.skip_bad or not plan.problems)
            and self.has_agreed
        )
