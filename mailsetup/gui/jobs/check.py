"""Checking the account with its servers."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.events import Event
from mailsetup.assistant.wizard_state import CheckState, WizardState
from mailsetup.gui.bridge import Defect, JobEnd
from mailsetup.gui.jobs.foreground import ForegroundJob, OnEnd, OnEvent
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.i18n import _
from mailsetup.model.secret import Secret

if TYPE_CHECKING:
    from mailsetup.gui.worker.check import CheckEnd


class CheckJobs:
    """The result replaces the state's `CheckState`."""

    def __init__(
        self,
        foreground: ForegroundJob,
        state: WizardState,
        holder: AssistantHolder,
        log: ActivityLog,
    ) -> None:
        self._foreground = foreground
        self._state = state
        self._holder = holder
        self._log = log

    def run(self, on_event: OnEvent, on_end: OnEnd) -> None:
        """Check; nothing happens without an account."""
        self._state.second = replace(self._state.second, problem="")
        state = self._state.snapshot()
        account, second, sign_in = state.servers.account, state.second, state.sign_in
        if account is None:
            return
        token = sign_in.result.token if sign_in.in_use and sign_in.result is not None else None
        self._log.hide(account.incoming.username, token or Secret(state.credentials.password))
        if second.address is not None:
            self._log.hide(second.address.ascii, Secret(second.password))

        async def job(emit: Callable[[Event], None]) -> "CheckEnd":
            from mailsetup.gui.worker.check import check

            return await check(self._holder, state, emit)

        def ended(end: "JobEnd[CheckEnd]") -> None:
            self._set_result(end)
            on_end()

        self._foreground.start(job, ended, on_event)

    def _set_result(self, end: "JobEnd[CheckEnd]") -> None:
        state = self._state
        if isinstance(end, Defect):
            state.check = CheckState(defect=end.kind)
            return
        state.check = CheckState(end.report, end.report)
        if not end.second_took_part:
            problem = _("The servers of {address} were not found, so that mailbox took no part.")
            problem = problem.format(address=state.second.address)
            state.second = replace(state.second, problem=problem)
        if end.report is not None:
            # A server that answered in place of one that did not is the one to set up.
            state.servers = replace(state.servers, account=end.report.account)
