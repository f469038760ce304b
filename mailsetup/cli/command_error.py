"""The exception that ends a command with a message for the user."""

from mailsetup.cli.exit_status import ExitStatus
from mailsetup.model.text import without_controls


class CommandError(Exception):
    """The user has to change something: an id for programs, a sentence for people."""

    def __init__(
        self, error_id: str, message: str, status: ExitStatus = ExitStatus.BAD_INPUT
    ) -> None:
        # A message may quote user input, for instance the name of a file.
        self.message = without_controls(message)
        super().__init__(self.message)
        self.error_id = error_id
        self.status = status
