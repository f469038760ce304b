"""Settings from the person's own file, as a discovery."""

import json
from dataclasses import dataclass
from pathlib import Path

from mailsetup.assistant.account_choice import settings_discovery
from mailsetup.files.user_file import FileFailure, FileFault, read_given_file
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.settings_json import SettingsFailure, settings_from_json
from mailsetup.model.text import plain

MAX_FILE = 1024 * 1024
"""Bytes: more than any list of servers or certificate authorities needs."""


@dataclass(frozen=True, slots=True)
class SettingsFileFailure:
    """Why a settings file cannot be used: a stable id, and a sentence."""

    id: str
    sentence: str


def read_settings_file(
    path: Path, address: EmailAddress, *, pipe_seconds: float = 0.0
) -> Discovery | SettingsFileFailure:
    """Settings from a JSON file of the form that ``discover --json`` writes.

    ``pipe_seconds``: see `read_given_file`.
    """
    content = read_given_file(path, MAX_FILE, pipe_seconds=pipe_seconds)
    if isinstance(content, FileFailure):
        is_large = content.fault is FileFault.TOO_LARGE
        return SettingsFileFailure(
            f"settings.{'unusable' if is_large else 'unreadable'}", content.reason
        )
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        sentence = _("The settings file is not JSON: {path}").format(path=plain(str(path)))
        return SettingsFileFailure("settings.unusable", sentence)
    settings = settings_from_json(document, address)
    if isinstance(settings, SettingsFailure):
        sentence = _("The settings file cannot be used. {where}: {problem}.").format(
            where=settings.where, problem=settings.problem
        )
        return SettingsFileFailure("settings.unusable", sentence)
    return settings_discovery(settings, str(path))
