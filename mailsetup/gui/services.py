"""What pages work with: the wizard's state, the jobs, and what belongs to the computer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.appearance import Appearance
from mailsetup.gui.bridge import Bridge
from mailsetup.gui.dialogs import Dialogs
from mailsetup.gui.jobs.batch import BatchJobs
from mailsetup.gui.jobs.check import CheckJobs
from mailsetup.gui.jobs.demo import DemoJobs
from mailsetup.gui.jobs.foreground import ForegroundJob
from mailsetup.gui.jobs.keyring import KeyringJobs
from mailsetup.gui.jobs.programs import ProgramJobs
from mailsetup.gui.jobs.reach import ReachJobs
from mailsetup.gui.jobs.reports import ReportJobs
from mailsetup.gui.jobs.search import SearchJobs
from mailsetup.gui.jobs.sign_in import SignInJobs
from mailsetup.gui.jobs.warm_up import WarmUp
from mailsetup.gui.preferences import Preferences
from mailsetup.gui.worker.assistant_holder import AssistantHolder

if TYPE_CHECKING:
    from mailsetup.assistant.service import Assistant


@dataclass(frozen=True, slots=True)
class Services:
    """One set for a window. A page takes from it what it uses."""

    state: WizardState
    log: ActivityLog
    preferences: Preferences
    dialogs: Dialogs
    appearance: Appearance
    bridge: Bridge
    holder: AssistantHolder
    foreground: ForegroundJob
    warm_up: WarmUp
    keyring: KeyringJobs
    search: SearchJobs
    reach: ReachJobs
    check: CheckJobs
    sign_ins: SignInJobs
    programs: ProgramJobs
    batch: BatchJobs
    demo: DemoJobs
    reports: ReportJobs

    def cancel_jobs(self) -> None:
        """Cancel what the user waits for."""
        self.foreground.cancel()
        self.batch.cancel()

    def close(self) -> None:
        """Cancel all jobs, end the worker thread, and forget the passwords."""
        self.cancel_jobs()
        self.reports.wait()
        self.bridge.close(self.holder.close)
        self.state.forget_secrets()


def make_services(
    make_assistant: "Callable[[], Assistant]",
    state: WizardState,
    preferences: Preferences,
    dialogs: Dialogs,
    appearance: Appearance,
) -> Services:
    """``make_assistant`` is called in the worker thread."""
    log, bridge = ActivityLog(), Bridge()
    holder = AssistantHolder(bridge, make_assistant)
    foreground = ForegroundJob(bridge, log)
    batch = BatchJobs(bridge, state, holder)
    return Services(
        state=state,
        log=log,
        preferences=preferences,
        dialogs=dialogs,
        appearance=appearance,
        bridge=bridge,
        holder=holder,
        foreground=foreground,
        warm_up=WarmUp(bridge, state),
        keyring=KeyringJobs(bridge, state, holder),
        search=SearchJobs(foreground, state, holder),
        reach=ReachJobs(bridge, state, holder),
        check=CheckJobs(foreground, state, holder, log),
        sign_ins=SignInJobs(bridge, foreground, state, holder, log),
        programs=ProgramJobs(bridge, state),
        batch=batch,
        demo=DemoJobs(bridge, state, holder, batch),
        reports=ReportJobs(bridge, state, log),
    )
