"""The kinds of cause: which fault explains which other one, and which complaints it explains.

Ranks and places go up in tens: a new cause fits in between. Findings of one kind share them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mailsetup.model.finding_id import FindingId
from mailsetup.model.symptom import Symptom


@dataclass(frozen=True, slots=True)
class Cause:
    """How a kind of finding relates to the others."""

    rank: int
    """A lower rank can explain a higher one, never the other way round."""
    explains: Mapping[Symptom, int] = field(default_factory=dict)
    """The complaints that it can explain, each with its place: the lowest is the likeliest."""
    stops_the_rest: bool = False
    """While such a finding fails, the links that depend on it cannot be checked."""
    hidden_by: frozenset[FindingId] = frozenset()
    """Failures of which such a finding is only a consequence; it is not reported next to them."""


_RECEIVING = Symptom.NOT_RECEIVING
_SENDING = Symptom.NOT_SENDING
_ATTACHMENTS = Symptom.ATTACHMENTS
_SPAM = Symptom.SPAM
_DELIVERY = Symptom.NOT_DELIVERED
_MIGRATION = Symptom.MIGRATION


def _every(place: int) -> Mapping[Symptom, int]:
    """Without it nothing works at all, whatever the complaint is."""
    return dict.fromkeys((each for each in Symptom if each is not Symptom.UNSURE), place)


_HIDES_TLS: Final = frozenset({FindingId.CLIENT_CLOCK_WRONG, FindingId.CLIENT_TLS_INTERCEPTED})

ADDRESS: Final = Cause(10, _every(10), stops_the_rest=True)
PORT_BLOCKED: Final = Cause(20, _every(20))
NETWORK: Final = Cause(20, _every(20), stops_the_rest=True)
RESOLVER: Final = Cause(30, _every(30), stops_the_rest=True)
CLOCK: Final = Cause(40, _every(40))
INTERCEPTION: Final = Cause(50, {_RECEIVING: 60, _SENDING: 60})
DOMAIN: Final = Cause(60, _every(50), stops_the_rest=True)
NULL_MX: Final = Cause(70, {_RECEIVING: 70, _MIGRATION: 80})
SERVER: Final = Cause(
    80,
    {_RECEIVING: 80, _SENDING: 70, _ATTACHMENTS: 100, _DELIVERY: 150, _MIGRATION: 100},
    hidden_by=frozenset({FindingId.CLIENT_NETWORK_PORT_BLOCKED}),
)
CERTIFICATE_NAME: Final = Cause(
    90, {_RECEIVING: 90, _SENDING: 80, _MIGRATION: 90}, hidden_by=_HIDES_TLS
)
TLS: Final = Cause(90, {_RECEIVING: 90, _SENDING: 80}, hidden_by=_HIDES_TLS)
STARTTLS: Final = Cause(100, {_RECEIVING: 100, _SENDING: 90})
LOGIN_OFFER: Final = Cause(110, {_RECEIVING: 190, _SENDING: 130})
LOGIN: Final = Cause(
    120, {_RECEIVING: 110, _SENDING: 100, _ATTACHMENTS: 110, _DELIVERY: 60, _MIGRATION: 110}
)
IMAP: Final = Cause(130, {_RECEIVING: 120})
POP3: Final = Cause(140)
SMTP: Final = Cause(150, {_SENDING: 110})
MX_MISSING: Final = Cause(160, {_RECEIVING: 70, _DELIVERY: 100, _MIGRATION: 80})
MX_UNRESOLVABLE: Final = Cause(160, {_RECEIVING: 70, _DELIVERY: 110, _MIGRATION: 80})
MX_ELSEWHERE: Final = Cause(160, {_RECEIVING: 70, _MIGRATION: 60})
TWO_HOSTINGS: Final = Cause(160, {_RECEIVING: 70, _MIGRATION: 70})
QUOTA_FULL: Final = Cause(170, {_RECEIVING: 140, _SENDING: 160, _ATTACHMENTS: 90})
QUOTA_NEARLY_FULL: Final = Cause(170, {_RECEIVING: 140, _ATTACHMENTS: 90})
MAILBOX: Final = Cause(180, {_RECEIVING: 130, _MIGRATION: 120})
SENDING: Final = Cause(190, {_SENDING: 120, _SPAM: 100, _DELIVERY: 70})
ADDRESS_FORM: Final = Cause(200)
SIZE: Final = Cause(210, {_SENDING: 140, _ATTACHMENTS: 60})
MESSAGE_REJECTED: Final = Cause(
    220, {_RECEIVING: 180, _SENDING: 150, _ATTACHMENTS: 80, _DELIVERY: 80}
)
MESSAGE_MISSING: Final = Cause(
    220,
    {_RECEIVING: 180, _DELIVERY: 80},
    hidden_by=frozenset(
        {
            FindingId.ACCOUNT_FILTER_FORWARDS,
            FindingId.ACCOUNT_FILTER_LOOPS,
            FindingId.ACCOUNT_FILTER_DISCARDS,
        }
    ),
)
MESSAGE_DELAYED: Final = Cause(220, {_RECEIVING: 180, _DELIVERY: 80})
ATTACHMENT: Final = Cause(230, {_ATTACHMENTS: 70})
BLOCKLIST: Final = Cause(240, {_SPAM: 60, _DELIVERY: 90})
FILTER: Final = Cause(250, {_RECEIVING: 150})
SPAM_FOLDER: Final = Cause(260, {_RECEIVING: 160, _SPAM: 110})
OTHER_FOLDER: Final = Cause(260, {_RECEIVING: 160})
VACATION: Final = Cause(270)
SUBSCRIPTION: Final = Cause(280, {_RECEIVING: 170})
SPF: Final = Cause(290, {_SPAM: 70, _DELIVERY: 120, _MIGRATION: 130})
DKIM: Final = Cause(300, {_SPAM: 80, _DELIVERY: 130, _MIGRATION: 140})
DMARC: Final = Cause(310, {_SPAM: 90, _DELIVERY: 140})
MTA_STS: Final = Cause(320)
DANE: Final = Cause(330)
AUTOCONFIGURATION: Final = Cause(340)
PROGRAM: Final = Cause(350, {_RECEIVING: 200, _SENDING: 170, _MIGRATION: 150})
INCOMPLETE_CHECK: Final = Cause(360)
