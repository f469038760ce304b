"""The technician's options for the assistant."""

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.technician_options import (
    TechnicianOptionFailure,
    TechnicianOptions,
    run_options,
)


def configure(
    assistant: Assistant, chosen: TechnicianOptions | None, base: RunOptions
) -> TechnicianOptionFailure | None:
    """Let the assistant run with ``base`` and the technician's options, or say why not."""
    options = run_options(chosen or TechnicianOptions(), base)
    if isinstance(options, TechnicianOptionFailure):
        return options
    assistant.options = options
    return None
