"""The report for support: one text without secrets."""

import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mailsetup import __version__, i18n
from mailsetup.assistant.activity_log import ActivityLog
from mailsetup.assistant.check.report import CheckReport
from mailsetup.files import atomic
from mailsetup.i18n import _
from mailsetup.model.discovery import Discovery
from mailsetup.model.secret import Secret
from mailsetup.model.text import plain
from mailsetup.reporting.build import report_content
from mailsetup.reporting.plain_text import text
from mailsetup.reporting.report_file import unwritable

_RULE = "-" * 78


def support_text(
    log: ActivityLog,
    now: datetime,
    *,
    report: CheckReport | None = None,
    discovery: Discovery | None = None,
    rows: Sequence[tuple[str, str]] = (),
    secrets: Sequence[Secret] = (),
) -> str:
    """The environment, the last report if there is one, and the log.

    ``rows`` are further rows of the environment, such as the version of Qt.
    """
    environment = (
        ("mailsetup", __version__),
        (_("System"), platform.platform(terse=True)),
        ("Python", platform.python_version()),
        (_("Language"), i18n.language()),
        (_("When"), now.isoformat(timespec="seconds")),
        *rows,
    )
    parts = [_("Report for support"), _RULE]
    parts += [f"{name}: {plain(value)}" for name, value in environment]
    if report is not None:
        content = report_content(report, discovery, now, secrets=secrets)
        parts += ["", _RULE, text(content).rstrip()]
    parts += ["", _RULE, _("Log"), *log.lines(secrets)]
    return "\n".join(parts) + "\n"


def save_support(path: Path, content: str) -> str:
    """Write the text for its owner only; the result as a sentence."""
    try:
        atomic.put(path, content.encode(), 0o600)
    except (OSError, ValueError) as error:
        return unwritable(error, path)
    return _("Saved: {path}").format(path=path)
