"""Sieve scripts (RFC 5228) as trees of commands, read by the grammar alone.

The reader is our own: `sievelib` (1.6), the one free parser that is kept, refuses a whole script
for one extension, command or tag that it does not know. Of 31 scripts with what Pigeonhole,
Roundcube and hostings' panels use, all of which this grammar takes, it read 11. Among the others
were ``vacation :seconds``, ``include``, ``duplicate``, ``spamtest``, ``ereject``, ``string`` of the
variables, and ``fileinto :specialuse``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mailsetup.model.text import plain

MAX_SCRIPT = 512 * 1024
"""Characters."""
_MAX_TOKENS = 200_000
_MAX_DEPTH = 32
"""Blocks, or tests, inside each other; Pigeonhole (0.5) takes 31 and 30."""


def parse(text: str) -> tuple["Command", ...]:
    """All commands of a script. Raises `UnreadableError`."""
    return _Parser(text).script()


class UnreadableError(Exception):
    """The text is not Sieve, or there is too much of it."""


@dataclass(frozen=True, slots=True)
class Tag:
    """``:name``, in lower case without the colon."""

    name: str


Argument = Tag | int | tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A name with what follows it. All names are in lower case."""

    name: str
    arguments: tuple[Argument, ...]
    tests: tuple["Test", ...]

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(each.name for each in self.arguments if isinstance(each, Tag))

    @property
    def last_strings(self) -> tuple[str, ...]:
        """The last string or list of strings: what tags bring along stands before it."""
        strings = [each for each in self.arguments if isinstance(each, tuple)]
        return strings[-1] if strings else ()

    def after(self, tag: str) -> str | None:
        """The string that a tag brings along."""
        for one, other in zip(self.arguments, self.arguments[1:], strict=False):
            if one == Tag(tag) and isinstance(other, tuple) and other:
                return other[0]
        return None


@dataclass(frozen=True)
class Test(Call):
    """A condition."""


@dataclass(frozen=True)
class Command(Call):
    """A command; ``block`` is None where it ends with a semicolon."""

    block: tuple["Command", ...] | None
    start: int
    end_of_condition: int
    """Where its block begins in the text."""
    rule: str


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    rule: str
    """The name of a rule, where the last comment before the token tells one."""


_SCANNER = re.compile(
    r"""
    (?P<space>\s+)
    |(?P<comment>\#[^\n]*)
    |(?P<remark>/\*(?s:.*?)\*/)
    |(?P<multiline>text:[ \t]*(?:\#[^\n]*)?\r?\n)
    |(?P<word>[a-z_]\w*)
    |(?P<tag>:[a-z_]\w*)
    |(?P<number>\d{1,18}[kmg]?)
    |(?P<string>"[^"\\]*(?:(?s:\\.)[^"\\]*)*")
    |(?P<sign>[\[\]{}(),;])
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_LAST_LINE = re.compile(r"^\.[ \t]*\r?$", re.MULTILINE)
_RULE_NAMES = (
    # Roundcube; Open-Xchange; earlier Nextcloud; and the bare name of Horde, Nextcloud and others.
    re.compile(r"#\s*rule:\s*\[(.*)\]\s*\Z"),
    re.compile(r"#.*\bRulename:(.*)\Z"),
    re.compile(r"#\s*Filter:\s(.*)\Z"),
    re.compile(r"#(?!#)\s*(?!DATA:|FILTER:)(.*[^;{}\s])\s*\Z"),
)


def _rule_name(comment: str) -> str:
    # Runs of blanks would make the patterns try every way to divide them.
    comment = " ".join(comment.split())
    for pattern in _RULE_NAMES:
        match = pattern.match(comment)
        if match is not None:
            return plain(match.group(1), 60)
    return ""


def _tokens(text: str) -> Iterator[_Token]:
    position, count, rule = 0, 0, ""
    while position < len(text):
        match = _SCANNER.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnreadableError
        start, position, kind = position, match.end(), match.lastgroup
        if kind in {"space", "remark"}:
            continue
        if kind == "comment":
            rule = _rule_name(match.group()[:400])
            continue
        count += 1
        if count > _MAX_TOKENS:
            raise UnreadableError
        content = match.group()
        if kind == "multiline":
            last = _LAST_LINE.search(text, position)
            if last is None:
                raise UnreadableError
            content = re.sub(r"(?m)^\.\.", ".", text[position : last.start()])
            kind, position = "string", last.end()
        elif kind == "string":
            content = re.sub(r"(?s)\\(.)", r"\1", content[1:-1])
        yield _Token(kind, content, start, rule)
        rule = ""
    yield _Token("end", "", len(text), "")


class _Parser:
    """Reads by the grammar alone, so that extensions that are not known do no harm."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_SCRIPT:
            raise UnreadableError
        self._tokens = _tokens(text.removeprefix("\ufeff"))
        self._next = next(self._tokens)

    def script(self) -> tuple[Command, ...]:
        """All commands. Raises `UnreadableError`."""
        commands: list[Command] = []
        while self._next.kind != "end":
            commands.append(self._command(0))
        return tuple(commands)

    def _advance(self) -> _Token:
        token = self._next
        if token.kind == "end":
            raise UnreadableError
        self._next = next(self._tokens)
        return token

    def _sign(self, sign: str) -> bool:
        """Whether this sign comes next; it is passed then."""
        if self._next.kind != "sign" or self._next.text != sign:
            return False
        self._advance()
        return True

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise UnreadableError

    def _command(self, depth: int) -> Command:
        first = self._advance()
        if first.kind != "word" or depth > _MAX_DEPTH:
            raise UnreadableError
        arguments, tests = self._arguments(0)
        block: list[Command] | None = None
        end = self._next.start
        if self._sign("{"):
            block = []
            while not self._sign("}"):
                block.append(self._command(depth + 1))
        else:
            self._expect(";")
        return Command(
            first.text.lower(),
            arguments,
            tests,
            tuple(block) if block is not None else None,
            first.start,
            end,
            first.rule,
        )

    def _arguments(self, depth: int) -> tuple[tuple[Argument, ...], tuple[Test, ...]]:
        if depth > _MAX_DEPTH:
            raise UnreadableError
        arguments: list[Argument] = []
        while True:
            token = self._next
            if token.kind == "tag":
                arguments.append(Tag(self._advance().text[1:].lower()))
            elif token.kind == "number":
                arguments.append(_number(self._advance().text))
            elif token.kind == "string":
                arguments.append((self._advance().text,))
            elif self._sign("["):
                arguments.append(self._strings())
            elif token.kind == "word":
                return tuple(arguments), (self._test(depth),)
            elif self._sign("("):
                return tuple(arguments), self._tests(depth)
            else:
                return tuple(arguments), ()

    def _strings(self) -> tuple[str, ...]:
        strings: list[str] = []
        while not self._sign("]"):
            token = self._advance()
            if token.kind != "string":
                raise UnreadableError
            strings.append(token.text)
            if not self._sign(","):
                self._expect("]")
                break
        return tuple(strings)

    def _tests(self, depth: int) -> tuple[Test, ...]:
        tests = [self._test(depth)]
        while not self._sign(")"):
            self._expect(",")
            tests.append(self._test(depth))
        return tuple(tests)

    def _test(self, depth: int) -> Test:
        first = self._advance()
        if first.kind != "word":
            raise UnreadableError
        arguments, tests = self._arguments(depth + 1)
        return Test(first.text.lower(), arguments, tests)


def _number(text: str) -> int:
    scale = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(text[-1].lower(), 0)
    return int(text[:-1]) * scale if scale else int(text)
