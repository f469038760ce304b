"""The command ``check --domain``: a domain without an account, and its changes (``--since``)."""

import errno
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from mailsetup.assistant.domain_watch import DomainReport, ServerSeen
from mailsetup.assistant.texts.common import server_sentence
from mailsetup.cli import check_text, text
from mailsetup.cli.account_arguments import parse_domain, settings_from_file
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.diagnosis_document import finding_json, verdict_members
from mailsetup.cli.document import discovery_document
from mailsetup.cli.engine import Engine, run_options
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.output import print_document
from mailsetup.cli.parser.check import WatchCommand
from mailsetup.cli.streams import Streams
from mailsetup.files import atomic
from mailsetup.files.user_file import FileFailure, FileFault, read_given_file
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import to_u_label
from mailsetup.model.json_object import parse_json_object
from mailsetup.model.settings_json import SCHEMA, Document, Json
from mailsetup.model.text import without_controls
from mailsetup.reporting.report_file import unwritable

_MAX_STATE = 1024 * 1024
_VERSION = 1


def run(command: WatchCommand, streams: Streams) -> ExitStatus:
    """Inspect the domain and print the result, or with ``--since`` what changed."""
    domain = parse_domain(command.domain)
    known = None
    if command.search.settings is not None:
        known = settings_from_file(command.search.settings, EmailAddress("postmaster", domain))
    before = None
    if command.since is not None:
        before = _read_state(command.since, domain)
        _require_folder(command.since)
    with Engine(run_options(command.search)) as engine:
        report = engine.run(engine.assistant.watch(domain, known))
    now = _state(report)
    changes = None if command.since is None else _changes(before, now)
    stored = None if command.since is None else _write_state(command.since, domain, now)
    if streams.wants_json:
        members: Document = {} if stored is None else {"since": {**stored}}
        print_document({**_document(report, changes), **members}, streams.stdout)
    elif changes is None:
        _write(report, streams.stdout)
    else:
        _write_changes(report, changes, before is None, streams.stdout)
    reason = str(stored.get("reason", "")) if stored is not None else ""
    if reason:
        streams.stderr.write(f"{without_controls(reason)}\n")
    if not report.is_healthy:
        return ExitStatus.BROKEN
    if not report.is_found:
        return ExitStatus.NOT_FOUND
    # A state that is not stored is a failure, also where the domain is in order.
    return ExitStatus.FAILED if reason else ExitStatus.DONE


def _document(report: DomainReport, changes: list[dict[str, Json]] | None) -> Document:
    document = discovery_document(EmailAddress("postmaster", report.domain), report.discovery)
    document.pop("address")
    document.pop("address_ascii", None)
    return {
        "schema": SCHEMA,
        "domain": report.domain,
        **document,
        **verdict_members(report.diagnosis),
        "servers": [_server(one) for one in report.servers],
        "exchangers": [_server(one) for one in report.exchangers],
        "changes": [*changes] if changes is not None else None,
        "check_ms": round(report.elapsed_ms, 1),
    }


def _server(seen: ServerSeen) -> Json:
    server, certificate = seen.server, seen.certificate
    return {
        "protocol": str(server.protocol),
        "host": server.host,
        "port": server.port,
        "security": str(server.security),
        "tls": seen.tls_version or None,
        "authentication": [*seen.mechanisms],
        "certificate": (
            {
                "names": [*certificate.names],
                "issuer": certificate.issuer,
                "expires": certificate.not_after.isoformat(),
                "days_left": seen.days_left,
                "sha256": certificate.sha256,
            }
            if certificate is not None
            else None
        ),
        "finding": finding_json(seen.finding) if seen.finding is not None else None,
    }


# What changed -----------------------------------------------------------------------------------


def _state(report: DomainReport) -> dict[str, str]:
    """What is reported when it changes, by name; values that change every day are left out."""
    state = {"outcome": str(report.discovery.outcome)}
    source = report.discovery.source
    if source is not None:
        state["source"] = f"{source.method} {source.channel}"
    for finding in report.diagnosis.findings:
        state[f"finding {finding.id}"] = str(finding.status)
    for seen in (*report.servers, *report.exchangers):
        server = seen.server
        place = f"{server.protocol} {server.host}:{server.port}"
        state[f"server {place}"] = seen.finding.id if seen.finding is not None else "ok"
        if seen.certificate is not None:
            expires = seen.certificate.not_after.date().isoformat()
            state[f"certificate {place}"] = f"{seen.certificate.sha256[:16]} {expires}"
    return state


def _changes(before: Mapping[str, str] | None, now: Mapping[str, str]) -> list[dict[str, Json]]:
    known = before or {}
    return [
        {"what": name, "before": known.get(name), "now": now.get(name)}
        for name in sorted({*known, *now})
        if known.get(name) != now.get(name)
    ]


def _read_state(path: Path, domain: str) -> dict[str, str] | None:
    """The state of the last run; None in the first one. Raises `CommandError`."""
    content = read_given_file(path, _MAX_STATE)
    if isinstance(content, FileFailure):
        if content.fault is FileFault.MISSING:
            return None
        raise CommandError("since.unreadable", content.reason)
    match parse_json_object(content):
        case {"watch": 1, "domain": str(known), "state": dict(state)} if known == domain:
            return {str(name): str(value) for name, value in state.items()}
        case _:
            # Never overwrite a file that is not ours.
            raise CommandError(
                "since.unusable",
                _("{path} does not hold what was seen of {domain}. Name another file.").format(
                    path=path, domain=to_u_label(domain)
                ),
            )


def _require_folder(path: Path) -> None:
    """Raise `CommandError` for a file that cannot be written, before anything takes time."""
    try:
        if not stat.S_ISDIR(path.parent.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except (OSError, ValueError) as error:
        raise CommandError("since.not-written", unwritable(error, path)) from None


def _write_state(path: Path, domain: str, state: dict[str, str]) -> Document:
    """Store the state; returns the JSON member that reports whether it was written."""
    document = {"watch": _VERSION, "domain": domain, "state": state}
    content = json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
    atomic.remove_leftovers(path.parent)
    try:
        atomic.put(path, content, 0o600)
    except (OSError, ValueError) as error:
        return {"written": False, "reason": unwritable(error, path)}
    return {"written": True, "path": str(path)}


# For people -------------------------------------------------------------------------------------


def _write(report: DomainReport, out: TextIO) -> None:
    text.write_discovery(report.discovery, out)
    for seen in (*report.servers, *report.exchangers):
        sign = "✔" if seen.finding is None else "✘"
        line = server_sentence(seen.server)
        if seen.days_left is not None:
            line += " · " + _("certificate: {days} days left").format(days=seen.days_left)
        out.write(f"{sign} {line}\n")
    check_text.write_verdict(report.diagnosis, out)


def _write_changes(
    report: DomainReport, changes: list[dict[str, Json]], is_first: bool, out: TextIO
) -> None:
    """Print nothing where nothing changed: cron sends mail for every line."""
    if is_first:
        out.write(
            _("{domain}: seen for the first time. From now on only changes are told.").format(
                domain=to_u_label(report.domain)
            )
            + "\n"
        )
        _write(report, out)
        return
    for change in changes:
        before, now = change["before"] or "—", change["now"] or "—"
        out.write(f"{to_u_label(report.domain)}: {change['what']}: {before} → {now}\n")
    if changes:
        check_text.write_verdict(report.diagnosis, out)
