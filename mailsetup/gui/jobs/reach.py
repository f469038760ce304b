"""Whether a server that was entered by hand answers."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.model.settings import Protocol, ServerSettings

if TYPE_CHECKING:
    from mailsetup.gui.worker.reach import Reachability


class ReachJobs(QObject):
    """No secret is sent."""

    answered = Signal(object, object)
    """A `ServerSettings` and its `JobEnd` of `Reachability`."""

    def __init__(self, bridge: Bridge, state: WizardState, holder: AssistantHolder) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self._holder = holder
        self._running: dict[Protocol, int] = {}

    def ask(self, server: ServerSettings) -> None:
        """Try a server; `answered` follows unless another of the protocol is tried meanwhile."""
        address, technician = self._state.owner.address, self._state.technician
        before = self._running.pop(server.protocol, None)
        if before is not None:
            self._bridge.cancel(before)
        if address is None:
            return

        async def job() -> "Reachability":
            from mailsetup.gui.worker.reach import reach

            return await reach(self._holder, technician, server, address)

        def ended(end: "JobEnd[Reachability]") -> None:
            self.answered.emit(server, end)

        self._running[server.protocol] = self._bridge.start(job, ended)
