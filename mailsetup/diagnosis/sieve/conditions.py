"""What a test of a Sieve script (RFC 5228 section 5) is known to yield before a message arrives."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Final

from mailsetup.diagnosis.sieve.parser import SieveTest
from mailsetup.model.address import EmailAddress

_MAX_KEYS = 200
_RELATIONS = frozenset({"ge", "gt", "le", "lt", "eq", "ne"})
_ALWAYS_PRESENT: Final = frozenset(
    {"from", "to", "subject", "date", "received", "message-id", "return-path"}
)
"""Header fields that practically every message has at final delivery."""


class Truth(Enum):
    """When a test is true for a message to the owner of the mailbox."""

    ALWAYS = "always"
    NEVER = "never"
    SELECTIVE = "selective"
    """True for certain messages only: an ordinary one is not among them."""
    UNKNOWN = "unknown"


_NEGATED: Final[Mapping[Truth, Truth]] = {Truth.ALWAYS: Truth.NEVER, Truth.NEVER: Truth.ALWAYS}


@dataclass(frozen=True, slots=True)
class ConditionEvaluator:
    """Evaluates tests for mail to ``address``. ``now`` is aware, None for "at any time"."""

    address: EmailAddress
    now: datetime | None

    def all_of(self, tests: Sequence[SieveTest]) -> Truth:
        """The conjunction of tests."""
        found = [self.test(test) for test in tests]
        for decisive in (Truth.NEVER, Truth.SELECTIVE, Truth.UNKNOWN):
            if decisive in found:
                return decisive
        return Truth.ALWAYS

    def _any_of(self, tests: Sequence[SieveTest]) -> Truth:
        found = [self.test(test) for test in tests]
        for decisive in (Truth.ALWAYS, Truth.UNKNOWN, Truth.SELECTIVE):
            if decisive in found:
                return decisive
        return Truth.NEVER

    def test(self, test: SieveTest) -> Truth:
        """One test. Unknown tests are unknown, not an error."""
        match test.name:
            case "true":
                return Truth.ALWAYS
            case "false":
                return Truth.NEVER
            case "not":
                return _NEGATED.get(self.all_of(test.tests), Truth.UNKNOWN)
            case "allof":
                return self.all_of(test.tests)
            case "anyof":
                return self._any_of(test.tests)
            case "size" if "over" in test.tags:
                return Truth.ALWAYS if 0 in test.arguments else Truth.SELECTIVE
            case "size":
                return Truth.UNKNOWN
            case "exists":
                names = {name.lower() for name in test.last_strings}
                return Truth.ALWAYS if names <= _ALWAYS_PRESENT else Truth.SELECTIVE
            case "header" | "address" | "envelope":
                return self._header(test)
            case "currentdate":
                return self._current_date(test)
            case "body" | "spamtest" | "virustest" | "duplicate" | "hasflag":
                return Truth.SELECTIVE
            case _:
                return Truth.UNKNOWN

    def _header(self, test: SieveTest) -> Truth:
        """A test of the header or envelope: known where any value matches, or the owner does."""
        if "count" in test.tags or (
            "value" in test.tags and test.string_after("value") not in {"ge", "gt", "eq"}
        ):
            return Truth.UNKNOWN
        strings = [value for value in test.arguments if isinstance(value, tuple)]
        if len(strings) < 2 or "value" in test.tags:
            return Truth.SELECTIVE
        names = {name.lower() for name in strings[-2]}
        keys = strings[-1][:_MAX_KEYS]
        matches_anything = ("contains" in test.tags and "" in keys) or (
            "matches" in test.tags and any(key and not key.strip("*") for key in keys)
        )
        if matches_anything and names & _ALWAYS_PRESENT:
            return Truth.ALWAYS
        if "to" in names and self._matches_owner(test, keys):
            return Truth.ALWAYS
        return Truth.SELECTIVE

    def _matches_owner(self, test: SieveTest, keys: Sequence[str]) -> bool:
        """Whether the owner's address matches one of the keys (RFC 5228 section 2.7)."""
        local, domain = self.address.local.lower(), self.address.domain
        if test.name == "header" and not test.tags & {"contains", "matches"}:
            return False
        value = f"{local}@{domain}"
        if "localpart" in test.tags or "user" in test.tags:
            value = local
        elif "domain" in test.tags:
            value = domain
        elif "detail" in test.tags:
            return False
        lowered = [key.lower() for key in keys]
        if "contains" in test.tags:
            return any(key in value for key in lowered)
        if "matches" in test.tags:
            return any(_matches_wildcard(key, value) for key in lowered)
        return "regex" not in test.tags and value in lowered

    def _current_date(self, test: SieveTest) -> Truth:
        """``currentdate`` (RFC 5260 section 5), as far as it compares days or instants."""
        limit = _date_limit(test)
        if self.now is None or limit is None:
            return Truth.UNKNOWN
        relation, moment, is_day = limit
        now = self.now.astimezone(_zone(test))
        left = now.date().isoformat() if is_day else now.astimezone(UTC).isoformat()
        right = moment.date().isoformat() if is_day else moment.astimezone(UTC).isoformat()
        result = {
            "ge": left >= right,
            "gt": left > right,
            "le": left <= right,
            "lt": left < right,
            "eq": left == right,
            "ne": left != right,
        }[relation]
        return Truth.ALWAYS if result else Truth.NEVER


def date_range(tests: Sequence[SieveTest]) -> tuple[str, str]:
    """From when and until when a rule is in force, as the script writes it; "" where unlimited."""
    since = until = ""
    for test in _flattened(tests):
        limit = _date_limit(test) if test.name == "currentdate" else None
        if limit is None:
            continue
        text = test.last_strings[0]
        if limit[0] in {"ge", "gt", "eq"}:
            since = text
        if limit[0] in {"le", "lt", "eq"}:
            until = text
    return since, until


def _matches_wildcard(pattern: str, value: str) -> bool:
    """``:matches`` with ``*`` only; other patterns count as not matching."""
    if "?" in pattern or "\\" in pattern:
        return False
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == value
    last = rest.pop()
    if len(value) < len(first) + len(last):
        return False
    if not (value.startswith(first) and value.endswith(last)):
        return False
    position, end = len(first), len(value) - len(last)
    for piece in rest:
        found = value.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True


def _date_limit(test: SieveTest) -> tuple[str, datetime, bool] | None:
    """Relation, moment, and whether only its day counts; None for what is not evaluated here."""
    relation = (test.string_after("value") or "").lower() if "value" in test.tags else "eq"
    strings = [value for value in test.arguments if isinstance(value, tuple)]
    if relation not in _RELATIONS or len(strings) < 2 or len(strings[-1]) != 1:
        return None
    date_part = strings[-2][0].lower() if strings[-2] else ""
    try:
        moment = datetime.fromisoformat(strings[-1][0])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(test))
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    match date_part:
        case "date":
            return relation, moment, True
        case "iso8601" if "value" in test.tags:
            return relation, moment, False
        case _:
            return None


def _zone(test: SieveTest) -> timezone:
    """The time zone that a test names, else UTC: the server's own zone is not known."""
    match = re.fullmatch(r"([+-])([01]\d)([0-5]\d)", test.string_after("zone") or "")
    if match is None:
        return UTC
    offset = timedelta(hours=int(match.group(2)), minutes=int(match.group(3)))
    return timezone(offset if match.group(1) == "+" else -offset)


def _flattened(tests: Sequence[SieveTest]) -> Iterator[SieveTest]:
    for test in tests:
        yield test
        if test.name in {"allof", "anyof"}:
            yield from _flattened(test.tests)
