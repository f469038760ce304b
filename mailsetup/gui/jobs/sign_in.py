"""Signing in with the browser."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.events import Event
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.gui.jobs.foreground import ForegroundJob, OnEnd, OnEvent
from mailsetup.gui.worker.assistant_holder import AssistantHolder

if TYPE_CHECKING:
    from mailsetup.assistant.signin.flow import SignIn
    from mailsetup.gui.worker.sign_in import MethodEnd, SignInEnd


class SignInJobs(QObject):
    """Results go into the state's `BrowserSignIn`."""

    method_known = Signal()

    def __init__(
        self,
        bridge: Bridge,
        foreground: ForegroundJob,
        state: WizardState,
        holder: AssistantHolder,
        log: ActivityLog,
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._foreground = foreground
        self._state = state
        self._holder = holder
        self._log = log

    def ask_way(self) -> None:
        """Ask where to sign in, once for each account; `method_known` follows."""
        state = self._state.snapshot()
        account = state.servers.account
        if account is None or state.sign_in.method_known:
            return

        async def job() -> "MethodEnd":
            from mailsetup.gui.worker.sign_in import find_method

            return await find_method(self._holder, state)

        def ended(end: "JobEnd[MethodEnd]") -> None:
            if self._state.servers.account is account:
                self._set_way(end)
                self.method_known.emit()

        self._bridge.start(job, ended)

    def _set_way(self, end: "JobEnd[MethodEnd]") -> None:
        method, problem = (
            (None, end.sentence) if isinstance(end, Defect) else (end.method, end.problem)
        )
        self._state.sign_in = replace(
            self._state.sign_in, method=method, method_known=True, method_problem=problem
        )
        stored = None if isinstance(end, Defect) else end.stored
        if stored is not None and self._state.sign_in.result is None:
            self._set_sign_in(stored)

    def sign_in(self, on_event: OnEvent, on_end: OnEnd, *, by_code: bool) -> None:
        """Let the user sign in in the browser, or by a code on another device."""
        method, again = self._state.sign_in.method, self._state.sign_in.result is not None
        if method is None:
            return
        self._state.sign_in = replace(self._state.sign_in, problem="", link="")

        async def job(emit: Callable[[Event], None]) -> "SignInEnd":
            from mailsetup.gui.worker.sign_in import sign_in

            return await sign_in(self._holder, method, emit, by_code=by_code, again=again)

        def ended(end: "JobEnd[SignInEnd]") -> None:
            if isinstance(end, Defect):
                self._state.sign_in = replace(self._state.sign_in, problem=end.sentence)
            elif end.result is not None:
                self._set_sign_in(end.result)
            else:
                self._state.sign_in = replace(
                    self._state.sign_in, problem=end.problem, link=end.link
                )
            on_end()

        self._foreground.start(job, ended, on_event)

    def _set_sign_in(self, result: "SignIn") -> None:
        for secret in result.secrets:
            self._log.hide(result.method.account.incoming.username, secret)
        self._state.forget_result()
        self._state.sign_in = replace(self._state.sign_in, result=result, in_use=True)

    def end(self) -> None:
        """The account is finished: revoke the tokens that are not stored."""
        if self._state.sign_in.result is None:
            return

        async def job() -> None:
            await self._holder.get().sign_ins.end()

        self._bridge.start(job)
