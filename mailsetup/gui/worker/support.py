"""The report for support, in the worker thread."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.reporting import support_bundle


def save_support(
    state: WizardState, log: ActivityLog, rows: Sequence[tuple[str, str]], path: Path
) -> str:
    """Write the report; a sentence about where it is, or why it could not be written."""
    content = support_bundle.support_text(
        log,
        datetime.now().astimezone(),
        report=state.check.last_report,
        discovery=state.chosen_discovery,
        rows=rows,
        secrets=state.secrets,
    )
    return support_bundle.save_support(path, content)
