"""Parser for Sieve scripts (RFC 5228 section 8), by the grammar alone.

`sievelib` 1.6, the only maintained free parser, rejects a whole script for one extension, command
or tag that it does not know: it read 11 of 31 scripts with what Pigeonhole, Roundcube and hostings'
panels use, all of which this parser reads. Among the others were ``vacation :seconds``,
``include``, ``duplicate``, ``spamtest``, ``ereject``, ``string`` (RFC 5229) and ``fileinto
:specialuse``.
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
"""Nested blocks, or nested tests; Pigeonhole 0.5 allows 31 and 30."""


def parse(text: str) -> tuple["SieveCommand", ...]:
    """All commands of a script. Raises `SieveSyntaxError`."""
    return _Parser(text).script()


class SieveSyntaxError(Exception):
    """The text is not Sieve, or exceeds the limits."""


@dataclass(frozen=True, slots=True)
class SieveTag:
    """``:name``, in lower case without the colon."""

    name: str


SieveArgument = SieveTag | int | tuple[str, ...]


@dataclass(frozen=True)
class SieveCall:
    """A command or test with its arguments. All names are in lower case."""

    name: str
    arguments: tuple[SieveArgument, ...]
    tests: tuple["SieveTest", ...]

    @property
    def tags(self) -> frozenset[str]:
        return frozenset(each.name for each in self.arguments if isinstance(each, SieveTag))

    @property
    def last_strings(self) -> tuple[str, ...]:
        """The last string or string list: the values of tagged arguments stand before it."""
        strings = [each for each in self.arguments if isinstance(each, tuple)]
        return strings[-1] if strings else ()

    def string_after(self, tag: str) -> str | None:
        """The value of a tagged argument, None where it has none."""
        for one, other in zip(self.arguments, self.arguments[1:], strict=False):
            if one == SieveTag(tag) and isinstance(other, tuple) and other:
                return other[0]
        return None


@dataclass(frozen=True)
class SieveTest(SieveCall):
    """A test command."""


@dataclass(frozen=True)
class SieveCommand(SieveCall):
    """An action or control command; ``block`` is None where it ends with a semicolon."""

    block: tuple["SieveCommand", ...] | None
    start: int
    end_of_condition: int
    """Offset in the text at which its block begins."""
    rule: str
    """The name that an editor wrote into the comment before it, or ""."""


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    rule: str
    """The rule's name in the comment directly before the token, or ""."""


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
    # Roundcube; Open-Xchange; older Nextcloud; and the plain name of Horde, Nextcloud and others.
    re.compile(r"#\s*rule:\s*\[(.*)\]\s*\Z"),
    re.compile(r"#.*\bRulename:(.*)\Z"),
    re.compile(r"#\s*Filter:\s(.*)\Z"),
    re.compile(r"#(?!#)\s*(?!DATA:|FILTER:)(.*[^;{}\s])\s*\Z"),
)


def _rule_name(comment: str) -> str:
    # Runs of blanks would make the patterns backtrack.
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
            raise SieveSyntaxError
        start, position, kind = position, match.end(), match.lastgroup
        if kind in {"space", "remark"}:
            continue
        if kind == "comment":
            rule = _rule_name(match.group()[:400])
            continue
        count += 1
        if count > _MAX_TOKENS:
            raise SieveSyntaxError
        content = match.group()
        if kind == "multiline":
            last = _LAST_LINE.search(text, position)
            if last is None:
                raise SieveSyntaxError
            content = re.sub(r"(?m)^\.\.", ".", text[position : last.start()])
            kind, position = "string", last.end()
        elif kind == "string":
            content = re.sub(r"(?s)\\(.)", r"\1", content[1:-1])
        yield _Token(kind, content, start, rule)
        rule = ""
    yield _Token("end", "", len(text), "")


class _Parser:
    """Recursive descent by the grammar alone, so that unknown extensions are no error."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_SCRIPT:
            raise SieveSyntaxError
        self._tokens = _tokens(text.removeprefix("\ufeff"))
        self._next = next(self._tokens)

    def script(self) -> tuple[SieveCommand, ...]:
        """All commands. Raises `SieveSyntaxError`."""
        commands: list[SieveCommand] = []
        while self._next.kind != "end":
            commands.append(self._command(0))
        return tuple(commands)

    def _advance(self) -> _Token:
        token = self._next
        if token.kind == "end":
            raise SieveSyntaxError
        self._next = next(self._tokens)
        return token

    def _sign(self, sign: str) -> bool:
        """Consume this sign if it comes next, and return whether it did."""
        if self._next.kind != "sign" or self._next.text != sign:
            return False
        self._advance()
        return True

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise SieveSyntaxError

    def _command(self, depth: int) -> SieveCommand:
        first = self._advance()
        if first.kind != "word" or depth > _MAX_DEPTH:
            raise SieveSyntaxError
        arguments, tests = self._arguments(0)
        block: list[SieveCommand] | None = None
        end = self._next.start
        if self._sign("{"):
            block = []
            while not self._sign("}"):
                block.append(self._command(depth + 1))
        else:
            self._expect(";")
        return SieveCommand(
            first.text.lower(),
            arguments,
            tests,
            tuple(block) if block is not None else None,
            first.start,
            end,
            first.rule,
        )

    def _arguments(self, depth: int) -> tuple[tuple[SieveArgument, ...], tuple[SieveTest, ...]]:
        if depth > _MAX_DEPTH:
            raise SieveSyntaxError
        arguments: list[SieveArgument] = []
        while True:
            token = self._next
            if token.kind == "tag":
                arguments.append(SieveTag(self._advance().text[1:].lower()))
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
                raise SieveSyntaxError
            strings.append(token.text)
            if not self._sign(","):
                self._expect("]")
                break
        return tuple(strings)

    def _tests(self, depth: int) -> tuple[SieveTest, ...]:
        tests = [self._test(depth)]
        while not self._sign(")"):
            self._expect(",")
            tests.append(self._test(depth))
        return tuple(tests)

    def _test(self, depth: int) -> SieveTest:
        first = self._advance()
        if first.kind != "word":
            raise SieveSyntaxError
        arguments, tests = self._arguments(depth + 1)
        return SieveTest(first.text.lower(), arguments, tests)


def _number(text: str) -> int:
    scale = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}.get(text[-1].lower(), 0)
    return int(text[:-1]) * scale if scale else int(text)
