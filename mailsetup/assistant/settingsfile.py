"""Settings from the person's own file, as if they had been found."""

import json
from dataclasses import dataclass
from pathlib import Path

from mailsetup.assistant.choosing import Discovery, settings_discovery
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.document import SettingsProblem, settings_from_json

MAX_FILE = 1024 * 1024
"""Bytes: more than any list of servers or of authorities needs."""


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Why a settings file cannot be used: a stable id for machines, a sentence for people."""

    id: str
    sentence: str


def read_settings_file(path: Path, address: EmailAddress) -> Discovery | FileProblem:
    """Settings from a JSON file as ``discover --json`` writes it, as if they had been found."""
    try:
        if path.stat().st_size > MAX_FILE:
            return FileProblem("settings.unusable", _("The settings file is far too large."))
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        sentence = _("The settings file cannot be opened: {path}").format(path=path)
        return FileProblem("settings.unreadable", sentence)
    except (ValueError, RecursionError):
        sentence = _("The settings file is not JSON: {path}").format(path=path)
        return FileProblem("settings.unusable", sentence)
    settings = settings_from_json(document, address)
    if isinstance(settings, SettingsProblem):
        sentence = _("The settings file cannot be used. {where}: {problem}.").format(
            where=settings.where, problem=settings.problem
        )
        return FileProblem("settings.unusable", sentence)
    return settings_discovery(settings, str(path))
