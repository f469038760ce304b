"""Results as text. Strings from the network were cleaned (`plain`) where they were parsed."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from mailsetup.assistant.texts.common import (
    domain_shown,
    protocol_purpose,
    server_sentence,
    service_sentence,
)
from mailsetup.assistant.texts.search import (
    alias_sentence,
    hint_sentence,
    provider_words,
    source_sentence,
    warning_sentence,
)
from mailsetup.export.exporter import Artifact
from mailsetup.i18n import _
from mailsetup.model.discovery import Discovery
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.assistant.publication.result import PublicationRow


def write_discovery(discovery: Discovery, out: TextIO) -> None:
    """Write the servers that were found and their source."""
    settings = discovery.settings
    if settings is None:
        for warning in discovery.warnings:
            out.write(f"  {warning_sentence(warning)}\n")
        # The reason is printed already; a hint adds where to read more.
        out.writelines(f"  {plain(hint.url, 200)}\n" for hint in discovery.hints if hint.url)
        return
    if settings.provider:
        out.write(plain(settings.provider, 60) + "\n")
    if discovery.source is not None:
        out.write(source_sentence(discovery.source) + "\n")
    for server in settings.servers:
        out.write(f"  {protocol_purpose(server.protocol)} ({server.protocol.upper()}): ")
        out.write(server_sentence(server) + ", " + plain(server.username, 120) + "\n")
    for service in settings.services:
        out.write(f"  {service_sentence(service)}\n")
    for hint in settings.hints:
        words = (hint_sentence(hint), provider_words(hint), plain(hint.url, 200))
        out.write("  " + " ".join(word for word in words if word) + "\n")
    for alias in settings.aliases:
        out.write(f"  {alias_sentence(alias)}\n")
    for warning in discovery.warnings:
        out.write(f"  {warning_sentence(warning)}\n")


def confirmation_sentence(discovery: Discovery) -> str:
    """What the user has to confirm, and with which option."""
    domains = ", ".join(map(domain_shown, discovery.confirm))
    option = " ".join(f"--trust {domain}" for domain in discovery.confirm)
    if discovery.settings is None:
        return _(
            "Your domain sends us on to another company for its settings: {domains}. If you know "
            "it, run this again with {option}."
        ).format(domains=domains, option=option)
    return _(
        "Your mail seems to be kept by another company: {domains}. If you know it as your "
        "provider, run this again with {option}."
    ).format(domains=domains, option=option)


def write_confirmation(discovery: Discovery, out: TextIO) -> None:
    """Write what has to be confirmed, if anything."""
    if discovery.confirm:
        out.write(confirmation_sentence(discovery) + "\n")


def write_export(artifact: Artifact, paths: Sequence[Path], out: TextIO) -> None:
    """Write the paths of the files and the steps to take with them."""
    for path in paths:
        out.write(_("Written: {path}").format(path=path) + "\n")
    for note in artifact.notes:
        out.write(f"! {note}\n")
    for number, step in enumerate(artifact.steps, 1):
        out.write(f"{number}. {step.text}\n")
        for value in step.values:
            out.write(f"     {value.label}: {value.value}\n")
        if step.link:
            out.write(f"     {step.link}\n")


def write_verification(rows: "Sequence[PublicationRow]", out: TextIO) -> None:
    """Write a line for each published document; faults last, next to the prompt."""
    for row in sorted(rows, key=lambda row: not row.is_well):
        out.write(f"{'✔' if row.is_well else '✘'} {row.sentence}\n")


def write_notes(notes: Sequence[str], out: TextIO) -> None:
    """Write a line for each."""
    out.writelines(f"{note}\n" for note in notes)
