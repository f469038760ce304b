"""``check --domain``: a domain without any account, also day by day with ``--since``."""

import argparse
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
from mailsetup.cli.check_document import finding_json, verdict_members
from mailsetup.cli.common import run_options, settings_file
from mailsetup.cli.document import Document, discovery_document
from mailsetup.cli.engine import Engine
from mailsetup.cli.main import BROKEN, DEFECT, DONE, NOT_FOUND, print_document
from mailsetup.cli.refusal import CommandError, Streams
from mailsetup.files import atomic
from mailsetup.files.user_file import FileFailure, FileFault, read_given_file
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import to_a_label, to_u_label
from mailsetup.model.settings_json import SCHEMA, Json
from mailsetup.model.text import without_controls
from mailsetup.reporting.report_file import unwritable

_MAX_STATE = 1024 * 1024
_VERSION = 1


def watch(options: argparse.Namespace, streams: Streams) -> int:
    """Carry out ``check --domain``."""
    domain = to_a_label(options.domain)
    if domain is None or "." not in domain:
        raise CommandError("usage", _("A domain is needed, such as company.com."))
    known = None
    if options.settings is not None:
        known = settings_file(Path(options.settings), EmailAddress("postmaster", domain))
    before = _remembered(options, domain)
    if options.since is not None:
        _require_folder(Path(options.since))
    with Engine(run_options(options)) as engine:
        report = engine.run(engine.assistant.watch(domain, known))
    now = _state(report)
    changes = None if options.since is None else _changes(before, now)
    kept = None if options.since is None else _remember(Path(options.since), domain, now)
    if options.json:
        members: Document = {} if kept is None else {"since": {**kept}}
        print_document({**_document(report, changes), **members}, streams.stdout)
    elif changes is None:
        _write(report, streams.stdout)
    else:
        _write_changes(report, changes, before is None, streams.stdout)
    reason = str(kept.get("reason", "")) if kept is not None else ""
    if reason:
        streams.stderr.write(f"{without_controls(reason)}\n")
    if not report.is_healthy:
        return BROKEN
    if not report.is_found:
        return NOT_FOUND
    # What is not remembered is a failure, also where the domain is in order.
    return DEFECT if reason else DONE


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
    """What is worth a word when it changes: names and what they are. Days that pass are not."""
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


def _remembered(options: argparse.Namespace, domain: str) -> dict[str, str] | None:
    """What was seen the last time; None the first time."""
    if options.since is None:
        return None
    path = Path(options.since)
    content = read_given_file(path, _MAX_STATE)
    if isinstance(content, FileFailure):
        if content.fault is FileFault.MISSING:
            return None
        raise CommandError("since.unreadable", content.reason)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    match document:
        case {"watch": 1, "domain": str(known), "state": dict(state)} if known == domain:
            return {str(name): str(value) for name, value in state.items()}
        case _:
            # Never write over something that is not ours.
            raise CommandError(
                "since.unusable",
                _("{path} does not hold what was seen of {domain}. Name another file.").format(
                    path=path, domain=to_u_label(domain)
                ),
            )


def _require_folder(path: Path) -> None:
    """A file that cannot be written later is refused before anything takes time."""
    try:
        if not stat.S_ISDIR(path.parent.stat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except (OSError, ValueError) as error:
        raise CommandError("since.not-written", unwritable(error, path)) from None


def _remember(path: Path, domain: str, state: dict[str, str]) -> Document:
    """Keep what was seen; says whether it was written, and if not, why."""
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
        said = server_sentence(seen.server)
        if seen.days_left is not None:
            said += " · " + _("certificate: {days} days left").format(days=seen.days_left)
        out.write(f"{sign} {said}\n")
    check_text.write_verdict(report.diagnosis, out)


def _write_changes(
    report: DomainReport, changes: list[dict[str, Json]], is_first: bool, out: TextIO
) -> None:
    """Nothing where nothing changed: cron sends mail for every line."""
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
