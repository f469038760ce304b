"""What the mailbox's own rules do with mail: Sieve (RFC 5228), walked through; and what a message
that arrived tells about a forward that brings mail back.

Every way through the script is followed, with what is left of the message on it; of each test only
what can be known beforehand is used. Commands that are not known do nothing here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import NamedTuple

from mailsetup.diagnosis.sieve.parser import Command, Test, UnreadableError, parse
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Fact, Finding, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.rfc5322 import fields_of, text_of
from mailsetup.model.text import plain
from mailsetup.net.public_suffix import owned_domain

_MAX_SHOWN = 6
_MAX_RULE = 120
_MAX_KEYS = 200
_MAX_REMEMBERED = 5
_MAX_EVENTS = 50


def rule_findings(
    script: str, address: EmailAddress, now: datetime | None = None
) -> tuple[Finding, ...]:
    """Findings about what a script does with mail to its owner; none where it cannot be read.

    With ``now`` (aware) a rule that is limited in time counts only while it is in force; without
    it, always.
    """
    walk = _walked(script, address, now)
    if walk is None:
        return ()
    found = (_forwards(walk, address), _discards(walk), _vacation(walk))
    return tuple(finding for finding in found if finding is not None)


def rule_folders(
    script: str, address: EmailAddress, now: datetime | None = None
) -> tuple[str, ...]:
    """The folders that a script puts mail into, by name as Sieve knows them (UTF-8, no escapes).

    They are as written there: variables are not filled in.
    """
    walk = _walked(script, address, now)
    return tuple(walk.folders) if walk is not None else ()


def _walked(script: str, address: EmailAddress, now: datetime | None) -> "_Walk | None":
    try:
        commands = parse(script)
    except UnreadableError:
        return None
    walk = _Walk(script, address, now)
    walk.run(commands)
    return walk


# Findings -----------------------------------------------------------------------------------


def _forwards(walk: "_Walk", address: EmailAddress) -> Finding | None:
    if not walk.redirects:
        return None
    targets = tuple(dict.fromkeys(plain(redirect.target, 80) for redirect in walk.redirects))
    ordinary = walk.ordinary_ends()
    nothing_stays = any(end.forwarded for end in ordinary) and not any(
        end.stays for end in ordinary
    )
    evidence: dict[str, Fact] = {
        "targets": targets[:_MAX_SHOWN],
        "copy_stays": not nothing_stays,
        "rule": walk.shown(walk.redirects[0]),
    }
    if any(_is_own(redirect.target, address) for redirect in walk.redirects):
        evidence["loop"] = True
    status = Status.FAIL if nothing_stays else Status.WARN
    return Finding(
        FindingId.ACCOUNT_FILTER_FORWARDS, status, {"target": targets[:_MAX_SHOWN]}, evidence
    )


def _discards(walk: "_Walk") -> Finding | None:
    drops = walk.lost_by()
    if not drops:
        return None
    ordinary = walk.ordinary_ends()
    everything = all(end.lost for end in ordinary)
    # Where everything is lost, the rule that does it is named before those that do it sometimes.
    drops = sorted(drops, key=lambda drop: everything and drop.conditional)
    evidence: dict[str, Fact] = {
        "rule": walk.shown(drops[0]),
        "action": drops[0].action,
        "always": everything,
    }
    status = Status.FAIL if everything else Status.WARN
    names = tuple(dict.fromkeys(drop.rule or walk.shown(drop) for drop in drops))
    return Finding(FindingId.ACCOUNT_FILTER_DISCARDS, status, {"rule": names[:3]}, evidence)


def _vacation(walk: "_Walk") -> Finding | None:
    if not walk.answers:
        return None
    answer = walk.answers[0]
    evidence: dict[str, Fact] = {"rule": walk.shown(answer)}
    if answer.since:
        evidence["from"] = plain(answer.since, 40)
    if answer.until:
        evidence["until"] = plain(answer.until, 40)
    facts = {name: value for name, value in evidence.items() if name != "rule"}
    return Finding(FindingId.ACCOUNT_VACATION_ACTIVE, Status.WARN, facts, evidence)


def _is_own(target: str, address: EmailAddress) -> bool:
    """Whether mail that is sent there comes to the mailbox of ``address``."""
    parsed = EmailAddress.parse(target)
    return isinstance(parsed, EmailAddress) and _mailbox(parsed) == _mailbox(address)


def _mailbox(address: EmailAddress) -> tuple[str, str]:
    """Without case and subaddress (RFC 5233), which the usual servers take no notice of."""
    local, _plus, _detail = address.local.lower().partition("+")
    return local, address.domain


# Walking through ----------------------------------------------------------------------------


class _Holds(Enum):
    """When a test holds for a message to the owner."""

    ALWAYS = "always"
    NEVER = "never"
    RARELY = "rarely"
    """It singles out certain messages: an ordinary one is not among them."""
    OPEN = "open"
    """Nothing can be said beforehand."""


class _Left(NamedTuple):
    """What is left of a message at one point of one way through the script (RFC 5228, 2.10.2)."""

    implicit_keep: bool = True
    stored: bool = False
    forwarded: bool = False
    ordinary: bool = True
    """Whether no test singled the message out on this way."""

    @property
    def stays(self) -> bool:
        return self.implicit_keep or self.stored

    @property
    def lost(self) -> bool:
        return not self.stays and not self.forwarded


@dataclass(frozen=True, slots=True)
class _Event:
    """An action that is reached on some way, and where it stands."""

    action: str
    end: int
    conditional: bool
    condition: tuple[int, int] | None
    """Where the words of the innermost test around it stand in the script."""
    rule: str
    """The name that the person gave to the rule, where the script tells."""
    target: str = ""
    since: str = ""
    until: str = ""


_Ways = dict[_Left, tuple[_Event, ...]]
"""Ways that left the message alike are one way, with the drops that some of them met."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a command."""

    conditional: bool = False
    condition: tuple[int, int] | None = None
    rule: str = ""
    since: str = ""
    until: str = ""


@dataclass
class _Walk:
    text: str
    address: EmailAddress
    now: datetime | None
    redirects: list[_Event] = field(default_factory=list)
    answers: list[_Event] = field(default_factory=list)
    folders: dict[str, None] = field(default_factory=dict)
    ends: _Ways = field(default_factory=dict)

    def run(self, commands: Sequence[Command]) -> None:
        """Follow every way from the first command to an end."""
        for left, drops in self._block(commands, {_Left(): ()}, _Around()).items():
            _add(self.ends, left, drops)

    def ordinary_ends(self) -> list[_Left]:
        """What is left of messages that no rule singles out."""
        return [left for left in self.ends if left.ordinary]

    def lost_by(self) -> list[_Event]:
        """The drops that left nothing at all of a message."""
        ends = sorted(self.ends, key=lambda left: not left.ordinary)
        drops = (drop for left in ends if left.lost for drop in self.ends[left])
        return list(dict.fromkeys(drops))

    def shown(self, event: _Event) -> str:
        """The rule in the script's own words, cut."""
        if event.condition is None:
            return event.action
        start, end = event.condition
        return f"{plain(self.text[start:end], _MAX_RULE)} → {event.action}"

    def _block(self, commands: Sequence[Command], ways: _Ways, around: _Around) -> _Ways:
        position = 0
        while position < len(commands) and ways:
            command = commands[position]
            position += 1
            if command.name not in _ARMS:
                ways = self._action(command, ways, around)
                continue
            chain = [command]
            while position < len(commands) and commands[position].name in {"elsif", "else"}:
                chain.append(commands[position])
                position += 1
            ways = self._chain(chain, ways, around)
        return ways

    def _chain(self, arms: Sequence[Command], ways: _Ways, around: _Around) -> _Ways:
        """All arms of one ``if``."""
        outcome: _Ways = {}
        passing = ways
        conditional = around.conditional
        for arm in arms:
            holds = _Holds.ALWAYS if arm.name == "else" else self._holds_all(arm.tests)
            if holds is _Holds.NEVER:
                continue
            conditional = conditional or holds is not _Holds.ALWAYS
            taken = _changed(passing, ordinary=False) if holds is _Holds.RARELY else passing
            inner = self._inside(arm, around, conditional=conditional)
            for left, drops in self._block(arm.block or (), taken, inner).items():
                _add(outcome, left, drops)
            if holds is _Holds.ALWAYS:
                return outcome
        for left, drops in passing.items():
            _add(outcome, left, drops)
        return outcome

    def _inside(self, arm: Command, around: _Around, *, conditional: bool) -> _Around:
        since, until = _dates(arm.tests)
        return _Around(
            conditional=conditional,
            condition=(arm.start, arm.end_of_condition),
            rule=arm.rule or around.rule,
            since=since or around.since,
            until=until or around.until,
        )

    def _action(self, command: Command, ways: _Ways, around: _Around) -> _Ways:
        copy = "copy" in command.tags
        match command.name:
            case "keep":
                return _changed(ways, stored=True, implicit_keep=False)
            case "fileinto":
                if len(self.folders) < _MAX_EVENTS:
                    self.folders.update(dict.fromkeys(command.last_strings))
                if copy:
                    return _changed(ways, stored=True)
                return _changed(ways, stored=True, implicit_keep=False)
            case "redirect":
                event = self._event(command, around)
                for target in command.last_strings:
                    self._remember(self.redirects, replace(event, target=target))
                if copy:
                    return _changed(ways, forwarded=True)
                return _changed(ways, forwarded=True, implicit_keep=False)
            case "discard" | "reject" | "ereject" | "refuse":
                dropped: _Ways = {}
                event = self._event(command, around)
                for left, drops in ways.items():
                    met = (*drops, event) if left.implicit_keep else drops
                    _add(dropped, left._replace(implicit_keep=False), met)
                return dropped
            case "vacation":
                self._remember(self.answers, self._event(command, around))
                return ways
            case "stop" | "return":
                for left, drops in ways.items():
                    _add(self.ends, left, drops)
                return {}
            case "error":
                # A script that fails keeps the message (RFC 5228 section 2.10.6).
                for left, drops in ways.items():
                    _add(self.ends, left._replace(implicit_keep=True), drops)
                return {}
            case "include":
                # Another script, which was not read: it may have stored the message.
                merged = dict(ways)
                for left, drops in _changed(ways, stored=True).items():
                    _add(merged, left, drops)
                return merged
            case _ if command.block is not None:
                merged = dict(ways)
                for left, drops in self._block(command.block, ways, around).items():
                    _add(merged, left, drops)
                return merged
            case _:
                return ways

    def _event(self, command: Command, around: _Around) -> _Event:
        return _Event(
            command.name,
            command.start,
            around.conditional,
            around.condition if around.conditional else None,
            around.rule or command.rule,
            since=around.since,
            until=around.until,
        )

    def _remember(self, events: list[_Event], event: _Event) -> None:
        if len(events) < _MAX_EVENTS:
            events.append(event)

    # Tests ----------------------------------------------------------------------------------

    def _holds_all(self, tests: Sequence[Test]) -> _Holds:
        found = [self._holds(test) for test in tests]
        for certain in (_Holds.NEVER, _Holds.RARELY, _Holds.OPEN):
            if certain in found:
                return certain
        return _Holds.ALWAYS

    def _holds(self, test: Test) -> _Holds:
        match test.name:
            case "true":
                return _Holds.ALWAYS
            case "false":
                return _Holds.NEVER
            case "not":
                return _opposite(self._holds_all(test.tests))
            case "allof":
                return self._holds_all(test.tests)
            case "anyof":
                found = [self._holds(inner) for inner in test.tests]
                for certain in (_Holds.ALWAYS, _Holds.OPEN, _Holds.RARELY):
                    if certain in found:
                        return certain
                return _Holds.NEVER
            case "size":
                over = "over" in test.tags
                nothing = 0 in test.arguments
                if over:
                    return _Holds.ALWAYS if nothing else _Holds.RARELY
                return _Holds.OPEN
            case "exists":
                names = {name.lower() for name in test.last_strings}
                return _Holds.ALWAYS if names <= _ALWAYS_THERE else _Holds.RARELY
            case "header" | "address" | "envelope":
                return self._matches(test)
            case "currentdate":
                return self._is_time(test)
            case "body" | "spamtest" | "virustest" | "duplicate" | "hasflag":
                return _Holds.RARELY
            case _:
                return _Holds.OPEN

    def _matches(self, test: Test) -> _Holds:
        """A test of the message's head: known are those that everything fits, or the owner."""
        if "count" in test.tags or (
            "value" in test.tags and test.after("value") not in {"ge", "gt", "eq"}
        ):
            return _Holds.OPEN
        strings = [value for value in test.arguments if isinstance(value, tuple)]
        if len(strings) < 2 or "value" in test.tags:
            return _Holds.RARELY
        names = {name.lower() for name in strings[-2]}
        keys = strings[-1][:_MAX_KEYS]
        anything = ("contains" in test.tags and "" in keys) or (
            "matches" in test.tags and any(key and not key.strip("*") for key in keys)
        )
        if anything and names & _ALWAYS_THERE:
            return _Holds.ALWAYS
        if "to" in names and self._names_owner(test, keys):
            return _Holds.ALWAYS
        return _Holds.RARELY

    def _names_owner(self, test: Test, keys: Sequence[str]) -> bool:
        """Whether the owner's address fits one of the keys (RFC 5228 section 2.7)."""
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
            return any(_fits(key, value) for key in lowered)
        return "regex" not in test.tags and value in lowered

    def _is_time(self, test: Test) -> _Holds:
        """A test of the current time (RFC 5260 section 5), as far as days and instants go."""
        limit = _limit(test)
        if self.now is None or limit is None:
            return _Holds.OPEN
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
        return _Holds.ALWAYS if result else _Holds.NEVER


_ARMS = frozenset({"if", "elsif", "else"})
_ALWAYS_THERE = frozenset(
    {"from", "to", "subject", "date", "received", "message-id", "return-path"}
)
"""Header fields that practically every message has, the last hop's among them."""


def _add(ways: _Ways, left: _Left, drops: Sequence[_Event]) -> None:
    """Bring a way in where others may have left the message alike."""
    known = ways.get(left, ())
    ways[left] = tuple(dict.fromkeys((*known, *drops)))[:_MAX_REMEMBERED]


def _changed(ways: _Ways, **what: bool) -> _Ways:
    changed: _Ways = {}
    for left, drops in ways.items():
        _add(changed, left._replace(**what), drops)
    return changed


def _opposite(holds: _Holds) -> _Holds:
    match holds:
        case _Holds.ALWAYS:
            return _Holds.NEVER
        case _Holds.NEVER:
            return _Holds.ALWAYS
        case _:
            return _Holds.OPEN


def _fits(pattern: str, value: str) -> bool:
    """``:matches`` with ``*`` only; other patterns are taken for not fitting."""
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


# Time ---------------------------------------------------------------------------------------


def _limit(test: Test) -> tuple[str, datetime, bool] | None:
    """Relation, moment, and whether only its day counts; None for what is not judged here."""
    relation = (test.after("value") or "").lower() if "value" in test.tags else "eq"
    strings = [value for value in test.arguments if isinstance(value, tuple)]
    if relation not in _RELATIONS or len(strings) < 2 or len(strings[-1]) != 1:
        return None
    part = strings[-2][0].lower() if strings[-2] else ""
    try:
        moment = datetime.fromisoformat(strings[-1][0])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_zone(test))
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    match part:
        case "date":
            return relation, moment, True
        case "iso8601" if "value" in test.tags:
            return relation, moment, False
        case _:
            return None


def _zone(test: Test) -> timezone:
    """The time zone that a test names; the server's own is not known, so UTC stands for it."""
    match = re.fullmatch(r"([+-])([01]\d)([0-5]\d)", test.after("zone") or "")
    if match is None:
        return UTC
    offset = timedelta(hours=int(match.group(2)), minutes=int(match.group(3)))
    return timezone(offset if match.group(1) == "+" else -offset)


def _dates(tests: Sequence[Test]) -> tuple[str, str]:
    """From when and until when a rule is in force, in the script's words; empty where open."""
    since = until = ""
    for test in _flat(tests):
        limit = _limit(test) if test.name == "currentdate" else None
        if limit is None:
            continue
        text = test.last_strings[0]
        if limit[0] in {"ge", "gt", "eq"}:
            since = text
        if limit[0] in {"le", "lt", "eq"}:
            until = text
    return since, until


def _flat(tests: Sequence[Test]) -> Iterator[Test]:
    for test in tests:
        yield test
        if test.name in {"allof", "anyof"}:
            yield from _flat(test.tests)


_RELATIONS = frozenset({"ge", "gt", "le", "lt", "eq", "ne"})


# A forward that brings mail back ------------------------------------------------------------

_MAX_STEPS = 200
_MARKS = ("x-loop", "x-sieve-redirected-from", "x-ms-exchange-inbox-rules-loop", "resent-from")
"""Fields that name the mailbox from which a message was sent on: procmail and mailing lists,
Pigeonhole, Exchange, and whoever redirects by RFC 5322 section 3.6.6."""
_ADDRESS = re.compile(r"[^\s<>(),;:\"\[\]]{1,64}@[^\s<>(),;:\"\[\]@]{1,255}")
_BY = re.compile(r"\bby\s+([A-Za-z0-9][A-Za-z0-9.-]{0,254})")
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,320})")


@dataclass(frozen=True, slots=True)
class _Step:
    """One trace field: the host that wrote it, and the mailbox that it had in mind."""

    host: str
    mailbox: EmailAddress | None
    delivered: bool


def loop_finding(raw: bytes, address: EmailAddress) -> Finding | None:
    """A forward that brings mail back, seen on a message that arrived.

    ``raw`` is a message that was written straight to ``address`` and found in its mailbox. That it
    passed one host twice proves nothing: content filters do that, and mail to oneself. What counts
    is that the mailbox itself sent it on, or that it was in another mailbox in between.
    """
    fields = [(name, text_of(value)) for name, value in fields_of(raw)]
    steps = _steps(fields)
    others = _others(steps, address)
    mark = _mark(fields, address)
    if not (mark or _came_back(steps, others, address)):
        return None
    forwarded = [value for name, value in fields if name == "x-forwarded-to"]
    named = _addresses(" ".join(forwarded)) or others
    targets = tuple(dict.fromkeys(plain(str(each), 80) for each in named)) or (str(address),)
    hosts = dict.fromkeys(plain(step.host, 80) for step in steps if step.host)
    evidence: dict[str, Fact] = {"loop": True, "path": tuple(hosts)[:_MAX_SHOWN]}
    if mark:
        evidence["field"] = mark
    facts: dict[str, Fact] = {"target": targets[:_MAX_SHOWN]}
    return Finding(FindingId.ACCOUNT_FILTER_LOOPS, Status.WARN, facts, evidence)


def _steps(fields: Sequence[tuple[str, str]]) -> list[_Step]:
    """The way of the message, from its beginning on; each host puts its fields on top."""
    steps: list[_Step] = []
    host = ""
    for name, value in reversed(fields):
        if len(steps) == _MAX_STEPS:
            break
        if name == "received":
            by, recipient = _BY.search(value), _FOR.search(value)
            host = by.group(1).lower().rstrip(".") if by else ""
            mailbox = _parsed(recipient.group(1)) if recipient else None
            steps.append(_Step(host, mailbox, delivered=False))
        elif name == "delivered-to":
            steps.append(_Step(host, _parsed(value), delivered=True))
    return steps


def _mark(fields: Sequence[tuple[str, str]], address: EmailAddress) -> str:
    """The field in which the mailbox's own forward says that it was here, or nothing."""
    for name, value in fields:
        found = _addresses(value) if name in _MARKS else ()
        if name == "x-forwarded-for":
            # Gmail: first the mailbox that sent it on, then the one that it was sent to.
            found = _addresses(value)[:1]
        if any(_mailbox(each) == _mailbox(address) for each in found):
            return name
    return ""


def _others(steps: Sequence[_Step], address: EmailAddress) -> tuple[EmailAddress, ...]:
    """The other mailboxes on the way, without the names that servers have for this one inside."""
    inside = {step.host for step in steps}
    found: dict[EmailAddress, None] = {}
    own = _mailbox(address)
    for step in steps:
        if step.mailbox is None or _mailbox(step.mailbox) == own:
            continue
        local, domain = _mailbox(step.mailbox)
        # ``ana@host12.hosting.com``; and qmail's ``company.es-ana@company.es``.
        if (local == own[0] and domain in inside) or local.endswith("-" + own[0]):
            continue
        found[step.mailbox] = None
    return tuple(found)


def _came_back(
    steps: Sequence[_Step], others: Sequence[EmailAddress], address: EmailAddress
) -> bool:
    own = _mailbox(address)
    seen_own = left = False
    for step in steps:
        if step.mailbox is not None and _mailbox(step.mailbox) == own:
            if left:
                return True
            seen_own = True
        elif step.mailbox in others:
            left = seen_own
    return _delivered_twice(steps, own)


def _delivered_twice(steps: Sequence[_Step], own: tuple[str, str]) -> bool:
    """Whether one host laid it into this mailbox twice, and another company had it in between."""
    before: dict[str, int] = {}
    for position, step in enumerate(steps):
        if not (step.delivered and step.host and step.mailbox and _mailbox(step.mailbox) == own):
            continue
        owner = owned_domain(step.host)
        since = steps[before.setdefault(step.host, position) : position]
        if any(each.host and owned_domain(each.host) != owner for each in since):
            return True
    return False


def _addresses(text: str) -> tuple[EmailAddress, ...]:
    parsed = (EmailAddress.parse(found) for found in _ADDRESS.findall(text)[:_MAX_SHOWN])
    return tuple(each for each in parsed if isinstance(each, EmailAddress))


def _parsed(text: str) -> EmailAddress | None:
    address = EmailAddress.parse(text.strip())
    return address if isinstance(address, EmailAddress) else None
