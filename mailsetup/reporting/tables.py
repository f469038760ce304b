"""The tables of a report, for technicians."""

import platform
from pathlib import PurePath

from mailsetup import __version__
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.texts.common import (
    authentication_name,
    protocol_purpose,
    security_name,
    yes_no,
)
from mailsetup.assistant.texts.search import source_sentence, warning_sentence
from mailsetup.i18n import _
from mailsetup.i18n.numbers import seconds, size
from mailsetup.model.dialogue import LoggedIn, Quota, RoundTrip
from mailsetup.model.discovery import Discovery
from mailsetup.model.settings import ServerSettings
from mailsetup.model.source import Method
from mailsetup.model.source_result import SourceStatus
from mailsetup.model.text import plain
from mailsetup.reporting.content import ReportTable

_NONE = "—"


def server_table(report: CheckReport) -> ReportTable:
    """Both servers in columns, with the results of the logins."""
    sides = (
        (report.account.incoming, report.incoming),
        (report.account.outgoing, report.outgoing),
    )
    # A login may have worked at an alternative server, which the proof names.
    columns = [_server(proof.server if proof else server, proof) for server, proof in sides]
    names = [name for name, _value in columns[0]]
    rows = [(name, *(column[i][1] for column in columns)) for i, name in enumerate(names)]
    return ReportTable(
        _("Servers"),
        tuple(row for row in rows if set(row[1:]) != {_NONE}),
        ("", *(protocol_purpose(server.protocol) for server, _proof in sides)),
    )


def _server(server: ServerSettings, proof: LoggedIn | None) -> list[tuple[str, str]]:
    quota = proof.quota if proof else None
    return [
        (_("Protocol"), server.protocol.upper()),
        (_("Server"), server.host),
        (_("Port"), str(server.port)),
        (_("Encryption"), security_name(server.security)),
        (_("TLS version"), (proof.tls_version if proof else "") or _NONE),
        (_("User name"), server.username or _NONE),
        (_("Login"), ", ".join(authentication_name(kind) for kind in server.authentication)),
        (_("Login used"), proof.mechanism if proof else _NONE),
        (_("Time to log in"), _ms(proof.elapsed_ms) if proof else _NONE),
        (
            _("Largest message"),
            size(proof.size_limit) if proof and proof.size_limit else _NONE,
        ),
        (
            _("Space used"),
            _("{used} of {limit}").format(
                used=_amount(quota, quota.used), limit=_amount(quota, quota.limit)
            )
            if quota
            else _NONE,
        ),
    ]


def trip_tables(report: CheckReport) -> tuple[ReportTable, ...]:
    """The messages that arrived, if any."""
    trips = [(_("To yourself"), report.round_trip)]
    other = report.elsewhere
    if other is not None:
        trips.append((_("To {address}").format(address=other.address), other.sent))
        trips.append((_("From {address}").format(address=other.address), other.received))
    seen = [(name, _trip(trip)) for name, trip in trips if trip is not None]
    if not seen:
        return ()
    rows = tuple(
        (name, *(trip[i][1] for _name, trip in seen)) for i, (name, _v) in enumerate(seen[0][1])
    )
    return (ReportTable(_("Test message"), rows, ("", *(name for name, _trip in seen))),)


def _trip(trip: RoundTrip) -> list[tuple[str, str]]:
    return [
        (_("Taken by the server after"), _ms(trip.sent_ms)),
        (_("Then arrived after"), _ms(trip.arrived_ms)),
        (_("Folder"), plain(trip.folder, 120)),
        (_("Size"), f"{size(trip.size)} ({trip.size})"),
        (_("Attachment unchanged"), yes_no(trip.attachment_intact)),
        (_("Removed afterwards"), yes_no(trip.cleaned_up)),
    ]


def discovery_tables(discovery: Discovery | None) -> tuple[ReportTable, ...]:
    """The source of the settings, and all sources that were queried."""
    if discovery is None:
        return ()
    rows: list[tuple[str, ...]] = []
    source = discovery.source
    if source is not None:
        rows += [
            (_("Source"), source_sentence(source)),
            (_("Method"), str(source.method)),
            (_("Place"), _place(source.method, source.location)),
            (_("Channel"), str(source.channel)),
        ]
    if discovery.settings is not None:
        if discovery.settings.provider:
            rows.append((_("Provider"), plain(discovery.settings.provider, 80)))
        rows += [
            (_("Leads to"), f"{alias.asked} → {alias.proven}")
            for alias in discovery.settings.aliases
        ]
    if discovery.confirm:
        rows.append((_("Agreed to"), ", ".join(discovery.confirm)))
    rows += [(_("Note"), warning_sentence(warning)) for warning in discovery.warnings]
    tried = tuple(
        (
            one.method,
            _status(one.status) + (f" ({plain(one.reason, 60)})" if one.reason else ""),
            _ms(one.elapsed_ms),
            _place(one.method, one.location),
        )
        for one in discovery.tried
    )
    columns = (_("Method"), _("Result"), _("Time"), _("Place"))
    return (
        ReportTable(_("How the servers were found"), tuple(rows)),
        ReportTable(_("Where it was looked"), tried, columns, "tried"),
    )


def _place(method: str, location: str) -> str:
    """The location; of a file only its name, because a path names folders of the person."""
    name = PurePath(location).name if method == Method.FILE else location
    return plain(name) or _NONE


def _status(status: SourceStatus) -> str:
    return {
        SourceStatus.FOUND: _("found"),
        SourceStatus.ABSENT: _("nothing there"),
        SourceStatus.UNREACHABLE: _("not reachable"),
        SourceStatus.NEEDS_INPUT: _("wants to be asked about"),
        SourceStatus.CRASHED: _("failed by a defect"),
        SourceStatus.CANCELLED: _("not needed any more"),
    }[status]


def capability_tables(report: CheckReport) -> tuple[ReportTable, ...]:
    """The capabilities of the servers, after a login."""
    rows = tuple(
        (f"{proof.server.protocol.upper()}", plain(", ".join(proof.capabilities), 1500))
        for proof in (report.incoming, report.outgoing)
        if proof is not None and proof.capabilities
    )
    return (ReportTable(_("What the servers can do"), rows),) if rows else ()


def environment_table(elapsed_ms: float) -> ReportTable:
    """The program and system of the check. It names no person, folder or computer."""
    return ReportTable(
        _("This test"),
        (
            (_("Program"), f"mailsetup {__version__}"),
            (_("System"), platform.platform(terse=True)),
            ("Python", platform.python_version()),
            (_("Took"), _ms(elapsed_ms)),
        ),
    )


def _ms(milliseconds: float) -> str:
    if milliseconds >= 10_000:
        return seconds(milliseconds)
    return f"{milliseconds:.0f} ms"


def _amount(quota: Quota, count: int) -> str:
    return str(count) if quota.counts_messages else size(count * 1024)
