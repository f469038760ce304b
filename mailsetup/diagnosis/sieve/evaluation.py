"""Static evaluation of a Sieve script (RFC 5228).

Every path through the script is followed, with the state in which it leaves the message; of each
test only what is known beforehand is used. Unknown commands have no effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from mailsetup.diagnosis.sieve.conditions import ConditionEvaluator, Truth, date_range
from mailsetup.diagnosis.sieve.parser import SieveCommand
from mailsetup.model.address import EmailAddress
from mailsetup.model.text import plain

_MAX_RULE = 120
"""Characters of a rule's source that are shown."""
_MAX_DROPS = 5
"""Actions that are remembered with one state."""
_MAX_ACTIONS = 50
_BRANCHES = frozenset({"if", "elsif", "else"})


class MessageState(NamedTuple):
    """What was done with a message at one point of one path (RFC 5228 section 2.10.2)."""

    implicit_keep: bool = True
    stored: bool = False
    forwarded: bool = False
    ordinary: bool = True
    """Whether no test selected certain messages on this path."""

    @property
    def stays(self) -> bool:
        """Whether the message is in the mailbox afterwards."""
        return self.implicit_keep or self.stored

    @property
    def lost(self) -> bool:
        """Whether the message is nowhere afterwards."""
        return not self.stays and not self.forwarded


@dataclass(frozen=True, slots=True)
class SieveAction:
    """An action that some path reaches, and its place in the script."""

    name: str
    start: int
    conditional: bool
    condition: tuple[int, int] | None
    """Where the innermost ``if`` around it stands in the script: begin and end of its source."""
    rule: str
    """The name that the editor of the script wrote for the rule, or ""."""
    target: str = ""
    since: str = ""
    until: str = ""


_Paths = dict[MessageState, tuple[SieveAction, ...]]
"""Paths with the same state are merged into one; the values are the drops that some of them met."""


@dataclass(frozen=True, slots=True)
class _Context:
    """The conditions around a command."""

    conditional: bool = False
    condition: tuple[int, int] | None = None
    rule: str = ""
    since: str = ""
    until: str = ""


@dataclass
class ScriptEvaluation:
    """One script, evaluated for mail to ``address``; ``now`` is aware, None for "at any time"."""

    text: str
    address: EmailAddress
    now: datetime | None
    redirects: list[SieveAction] = field(default_factory=list)
    vacations: list[SieveAction] = field(default_factory=list)
    folders: dict[str, None] = field(default_factory=dict)
    ends: _Paths = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._conditions = ConditionEvaluator(self.address, self.now)

    def run(self, commands: Sequence[SieveCommand]) -> None:
        """Follow every path from the first command to an end."""
        _merge(self.ends, self._block(commands, {MessageState(): ()}, _Context()))

    def ordinary_ends(self) -> list[MessageState]:
        """The final states of messages that no rule selects."""
        return [state for state in self.ends if state.ordinary]

    def losses(self) -> list[SieveAction]:
        """The actions after which nothing is left of a message."""
        ends = sorted(self.ends, key=lambda state: not state.ordinary)
        drops = (drop for state in ends if state.lost for drop in self.ends[state])
        return list(dict.fromkeys(drops))

    def source_of(self, action: SieveAction) -> str:
        """The rule in the script's own words, cut."""
        if action.condition is None:
            return action.name
        start, end = action.condition
        return f"{plain(self.text[start:end], _MAX_RULE)} → {action.name}"

    def _block(self, commands: Sequence[SieveCommand], paths: _Paths, context: _Context) -> _Paths:
        position = 0
        while position < len(commands) and paths:
            command = commands[position]
            position += 1
            if command.name not in _BRANCHES:
                paths = self._action(command, paths, context)
                continue
            branches = [command]
            while position < len(commands) and commands[position].name in {"elsif", "else"}:
                branches.append(commands[position])
                position += 1
            paths = self._if(branches, paths, context)
        return paths

    def _if(self, branches: Sequence[SieveCommand], paths: _Paths, context: _Context) -> _Paths:
        """All branches of one ``if``."""
        outcome: _Paths = {}
        conditional = context.conditional
        for branch in branches:
            is_else = branch.name == "else"
            truth = Truth.ALWAYS if is_else else self._conditions.all_of(branch.tests)
            if truth is Truth.NEVER:
                continue
            conditional = conditional or truth is not Truth.ALWAYS
            taken = _changed(paths, ordinary=False) if truth is Truth.SELECTIVE else paths
            inside = _context_of(branch, context, conditional=conditional)
            _merge(outcome, self._block(branch.block or (), taken, inside))
            if truth is Truth.ALWAYS:
                return outcome
        _merge(outcome, paths)
        return outcome

    def _action(self, command: SieveCommand, paths: _Paths, context: _Context) -> _Paths:
        match command.name:
            case "keep":
                return _changed(paths, stored=True, implicit_keep=False)
            case "fileinto":
                if len(self.folders) < _MAX_ACTIONS:
                    self.folders.update(dict.fromkeys(command.last_strings))
                return _delivered(command, paths, stored=True)
            case "redirect":
                action = _action_of(command, context)
                for target in command.last_strings:
                    _remember(self.redirects, replace(action, target=target))
                return _delivered(command, paths, forwarded=True)
            case "discard" | "reject" | "ereject" | "refuse":
                return _dropped(paths, _action_of(command, context))
            case "vacation":
                _remember(self.vacations, _action_of(command, context))
                return paths
            case "stop" | "return":
                _merge(self.ends, paths)
                return {}
            case "error":
                # A script that fails keeps the message (RFC 5228 section 2.10.6).
                for state, drops in paths.items():
                    _add(self.ends, state._replace(implicit_keep=True), drops)
                return {}
            case "include":
                # Another script, which was not read: it may have stored the message.
                return _merged(paths, _changed(paths, stored=True))
            case _ if command.block is not None:
                return _merged(paths, self._block(command.block, paths, context))
            case _:
                return paths


def _context_of(branch: SieveCommand, outer: _Context, *, conditional: bool) -> _Context:
    since, until = date_range(branch.tests)
    return _Context(
        conditional=conditional,
        condition=(branch.start, branch.end_of_condition),
        rule=branch.rule or outer.rule,
        since=since or outer.since,
        until=until or outer.until,
    )


def _action_of(command: SieveCommand, context: _Context) -> SieveAction:
    return SieveAction(
        command.name,
        command.start,
        context.conditional,
        context.condition if context.conditional else None,
        context.rule or command.rule,
        since=context.since,
        until=context.until,
    )


def _remember(actions: list[SieveAction], action: SieveAction) -> None:
    if len(actions) < _MAX_ACTIONS:
        actions.append(action)


def _add(paths: _Paths, state: MessageState, drops: Sequence[SieveAction]) -> None:
    """Merge a path with those that left the message in the same state."""
    known = paths.get(state, ())
    paths[state] = tuple(dict.fromkeys((*known, *drops)))[:_MAX_DROPS]


def _merge(paths: _Paths, others: _Paths) -> None:
    for state, drops in others.items():
        _add(paths, state, drops)


def _merged(paths: _Paths, others: _Paths) -> _Paths:
    merged = dict(paths)
    _merge(merged, others)
    return merged


def _changed(paths: _Paths, **changes: bool) -> _Paths:
    changed: _Paths = {}
    for state, drops in paths.items():
        _add(changed, state._replace(**changes), drops)
    return changed


def _delivered(command: SieveCommand, paths: _Paths, **changes: bool) -> _Paths:
    """``:copy`` (RFC 3894) leaves the implicit keep in force."""
    if "copy" not in command.tags:
        changes["implicit_keep"] = False
    return _changed(paths, **changes)


def _dropped(paths: _Paths, drop: SieveAction) -> _Paths:
    dropped: _Paths = {}
    for state, drops in paths.items():
        met = (*drops, drop) if state.implicit_keep else drops
        _add(dropped, state._replace(implicit_keep=False), met)
    return dropped
