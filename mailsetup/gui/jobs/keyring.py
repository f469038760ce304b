"""Whether passwords can be stored on this computer."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.gui.worker.assistant_holder import AssistantHolder

if TYPE_CHECKING:
    from mailsetup.vault import VaultState


class KeyringJobs(QObject):
    """The answer goes into the state's `ComputerFacts`."""

    known = Signal()

    def __init__(self, bridge: Bridge, state: WizardState, holder: AssistantHolder) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self._holder = holder
        self._asking = False

    def ask(self) -> None:
        """Ask the keyring unless the answer is known or on its way; `known` follows."""
        if self._state.computer.keyring_known or self._asking:
            return
        self._asking = True

        async def job() -> "VaultState":
            from mailsetup.system.threads import in_thread

            return await in_thread(self._holder.get().vault.state)

        self._bridge.start(job, self._answered)

    def _answered(self, end: "JobEnd[VaultState]") -> None:
        self._asking = False
        if isinstance(end, Defect):
            return
        name = end.name if end.available else ""
        self._state.computer = replace(self._state.computer, keyring=name, keyring_known=True)
        self.known.emit()
