"""What the verbs have in common that look for settings or test an account."""

import asyncio
from collections.abc import Coroutine
from typing import Self, TypeVar

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.system.threads import in_thread

_T = TypeVar("_T")


class Engine:
    """The assistant in one event loop for a whole verb, so that steps go on with what is open."""

    def __init__(self, options: RunOptions) -> None:
        self.assistant = Assistant(options)
        self._runner = asyncio.Runner()

    def run(self, work: Coroutine[object, object, _T]) -> _T:
        """Wait for a step of the assistant; Ctrl-C ends it."""
        return self._runner.run(work)

    def stored_password(self, address: EmailAddress) -> Secret | None:
        """The password from the keyring; Ctrl-C ends the waiting for it."""
        return self.run(in_thread(self.assistant.vault.load, address))

    def __enter__(self) -> Self:
        # The loop is made here: where that fails, nothing has begun yet.
        self._runner.get_loop()
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self.assistant.close())
