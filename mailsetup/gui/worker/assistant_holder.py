"""The assistant of the window: made in the worker thread when it is first needed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mailsetup.gui.bridge import Bridge

if TYPE_CHECKING:
    from mailsetup.assistant.run_options import RunOptions
    from mailsetup.assistant.service import Assistant
    from mailsetup.assistant.technician_options import TechnicianOptionFailure, TechnicianOptions
    from mailsetup.demo.mail_system import DemoMailSystem

MakeAssistant = Callable[[], "Assistant"]


class AssistantHolder:
    """Gives the worker thread the assistant of this computer, or that of the demo."""

    def __init__(self, bridge: Bridge, make: MakeAssistant) -> None:
        self._bridge = bridge
        self._own = self._make = make
        self._assistant: Assistant | None = None
        self._base: RunOptions | None = None
        self._mail_system: DemoMailSystem | None = None

    # In the worker thread -------------------------------------------------------------------

    def get(self) -> "Assistant":
        """The assistant. Making it imports the engine, so the window's thread never calls this."""
        if self._assistant is None:
            self._assistant = self._make()
            self._base = self._assistant.options
        return self._assistant

    def configured(
        self, chosen: "TechnicianOptions | None"
    ) -> "Assistant | TechnicianOptionFailure":
        """The assistant with the technician's options, or why they cannot be used."""
        from mailsetup.gui.worker.options import configure

        assistant = self.get()
        failure = configure(assistant, chosen, self._base or assistant.options)
        return failure or assistant

    async def close(self) -> None:
        """End the sign-ins, the connections and the demo."""
        if self._assistant is not None:
            await self._assistant.close()
        if self._mail_system is not None:
            self._mail_system.stop()

    # In the window's thread -----------------------------------------------------------------

    def use_demo(self, mail_system: "DemoMailSystem") -> None:
        """Work with the demo's servers from now on."""
        self._mail_system = mail_system

        def make() -> "Assistant":
            from mailsetup.demo.assistant import demo_assistant

            return demo_assistant(mail_system)

        self._replace(make)

    def leave_demo(self) -> None:
        """Work on this computer from now on, and stop the demo's servers."""
        mail_system, self._mail_system = self._mail_system, None
        self._replace(self._own)
        if mail_system is None:
            return

        async def stop() -> None:
            import asyncio

            await asyncio.to_thread(mail_system.stop)

        self._bridge.start(stop)

    def _replace(self, make: MakeAssistant) -> None:
        old, self._assistant, self._make = self._assistant, None, make
        if old is not None:
            self._bridge.start(old.close)
