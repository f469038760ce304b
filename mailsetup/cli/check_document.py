"""The members that a check adds to the JSON documents of the command-line contract."""

from datetime import datetime
from typing import assert_never

from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.signin.flow import SignIn
from mailsetup.assistant.texts.verdict import message_for_actor
from mailsetup.cli.diagnosis_document import finding_json, verdict_members
from mailsetup.diagnosis.chain import Diagnosis
from mailsetup.model.dialogue import RoundTrip
from mailsetup.model.settings_json import Document, Json, server_to_json
from mailsetup.model.text import plain
from mailsetup.reporting.report_file import ReportFileFailure, ReportWritten


def check_members(report: CheckReport, now: datetime) -> Document:
    """What ``check --json`` adds to the document of a discovery. ``now`` is aware."""
    members = verdict_members(Diagnosis(report.chain, report.first_broken, report.findings))
    members["round_trip"] = _trip(report.round_trip)
    if report.elsewhere is not None:
        members["elsewhere"] = {
            "address": report.elsewhere.address,
            "sent": _trip(report.elsewhere.sent),
            "received": _trip(report.elsewhere.received),
            "problem": (
                finding_json(report.elsewhere.problem) if report.elsewhere.problem else None
            ),
        }
    members["tested"] = [
        {
            **server_to_json(proof.server),
            "mechanism": proof.mechanism,
            "tls": proof.tls_version,
            "login_ms": round(proof.elapsed_ms, 1),
            "size_limit": proof.size_limit,
            "alerts": list(proof.alerts),
        }
        for proof in (report.incoming, report.outgoing)
        if proof is not None
    ]
    if report.answer is not None:
        members["answer"] = {
            "symptom": str(report.answer.symptom),
            "text": report.answer.sentence,
            "finding": report.answer.finding.id if report.answer.finding else None,
        }
    cause = report.to_act_on
    if cause is not None:
        members["message"] = message_for_actor(report.account.address, cause, now)
    members["check_ms"] = round(report.elapsed_ms, 1)
    return members


def sign_in_members(sign_in: SignIn | None) -> Document:
    """What ``check --json`` adds after a sign-in in the browser."""
    if sign_in is None:
        return {}
    return {
        "sign_in": {
            "provider": plain(sign_in.method.name, 120),
            "host": sign_in.method.page_host,
            "account": sign_in.signed_in_as or None,
            "kept": sign_in.stored,
        }
    }


def report_members(page: ReportWritten | ReportFileFailure | None) -> Document:
    """What ``check --json`` adds where a report was asked for."""
    match page:
        case None:
            return {}
        case ReportWritten(path=path):
            return {"report": {"written": True, "path": str(path)}}
        case ReportFileFailure(reason=reason):
            return {"report": {"written": False, "reason": reason}}
        case _:
            assert_never(page)


def _trip(trip: RoundTrip | None) -> Json:
    if trip is None:
        return None
    return {
        "sent_ms": round(trip.sent_ms, 1),
        "arrived_ms": round(trip.arrived_ms, 1),
        "folder": trip.folder,
        "attachment_intact": trip.attachment_intact,
        "bytes": trip.size,
        "cleaned_up": trip.cleaned_up,
    }
