"""What pages work with: the wizard's state, the jobs, and what belongs to the computer."""

from collections.abc import Callable
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


class Services:
    """One set for a window. A page takes from it what it uses."""

    def __init__(
        self,
        make_assistant: "Callable[[], Assistant]",
        state: WizardState,
        preferences: Preferences,
        dialogs: Dialogs,
        appearance: Appearance,
    ) -> None:
        """``make_assistant`` is called in the worker thread."""
        self.state = state
        self.preferences = preferences
        self.dialogs = dialogs
        self.appearance = appearance
        self.log = log = ActivityLog()
        self.bridge = bridge = Bridge()
        self.holder = holder = AssistantHolder(bridge, make_assistant)
        self.foreground = foreground = ForegroundJob(bridge, log)
        self.warm_up = WarmUp(bridge, state)
        self.keyring = KeyringJobs(bridge, state, holder)
        self.search = SearchJobs(foreground, state, holder)
        self.reach = ReachJobs(bridge, state, holder)
        self.check = CheckJobs(foreground, state, holder, log)
        self.sign_ins = SignInJobs(bridge, foreground, state, holder, log)
        self.programs = ProgramJobs(bridge, state)
        self.batch = BatchJobs(bridge, state, holder)
        self.demo = DemoJobs(bridge, state, holder, self.batch)
        self.reports = ReportJobs(bridge, state, log)

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
