"""Searching for the servers of the address."""

from collections.abc import Callable
from dataclasses import replace

from mailsetup.assistant.events import Event
from mailsetup.assistant.wizard_state import Search, SearchOutcome, WizardState
from mailsetup.gui.bridge import Defect, JobEnd
from mailsetup.gui.jobs.foreground import ForegroundJob, OnEnd, OnEvent
from mailsetup.gui.worker.assistant_holder import AssistantHolder


class SearchJobs:
    """The result replaces the state's `Search`."""

    def __init__(
        self, foreground: ForegroundJob, state: WizardState, holder: AssistantHolder
    ) -> None:
        self._foreground = foreground
        self._state = state
        self._holder = holder

    def run(self, on_event: OnEvent, on_end: OnEnd) -> None:
        """Search; nothing happens without an address."""
        state = self._state.snapshot()
        if state.owner.address is None:
            return

        async def job(emit: Callable[[Event], None]) -> Search:
            from mailsetup.gui.worker.search import search

            return await search(self._holder, state, emit)

        def ended(end: JobEnd[Search]) -> None:
            if isinstance(end, Defect):
                end = replace(self._state.search, outcome=SearchOutcome.NOT_FOUND)
            self._state.search = end
            on_end()

        self._foreground.start(job, ended, on_event)
