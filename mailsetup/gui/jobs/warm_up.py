"""Loading what later pages need while the user reads the first one."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.bridge import Bridge, Defect, JobEnd
from mailsetup.gui.full_name import own_name


class WarmUp(QObject):
    """Results go into the state."""

    ready = Signal()

    def __init__(self, bridge: Bridge, state: WizardState) -> None:
        super().__init__()
        self._bridge = bridge
        self._state = state
        self.is_done = False
        """Whether all modules are loaded, so that making a page waits for none."""

    def start(
        self, load_pages: Callable[[], None], find_name: Callable[[], str] = own_name
    ) -> None:
        """Import all modules and ask for the user's full name; `ready` follows the imports."""

        async def load() -> tuple[str, ...]:
            from mailsetup.gui.worker.load import load_everything

            return load_everything(load_pages)

        def loaded(end: JobEnd[tuple[str, ...]]) -> None:
            if not isinstance(end, Defect):
                self._state.libraries = end
            self.is_done = True
            self.ready.emit()

        async def ask_name() -> str:
            import asyncio

            return await asyncio.to_thread(find_name)

        def named(end: JobEnd[str]) -> None:
            if not isinstance(end, Defect) and end:
                self._state.computer = replace(self._state.computer, user_name=end)

        # A directory service may be slow, or fail: nothing else waits for it.
        self._bridge.start(load, loaded)
        self._bridge.start(ask_name, named)
