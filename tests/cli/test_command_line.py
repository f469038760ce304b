"""The typed commands that command lines are read into."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from mailsetup.cli.parser.argument_parser import UsageError
from mailsetup.cli.parser.check import CheckCommand, WatchCommand
from mailsetup.cli.parser.command_line import WindowCommand, parse, parser
from mailsetup.cli.parser.export import ExportCommand
from mailsetup.model.symptom import Symptom
from tests.support.cli.command_lines import REQUIRED, typed

_HANDLED_BEFORE = {"help", "version", "verb", "lang", "json"}
"""Options without a field: read before parsing, or by argparse itself."""


def leaves(command: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, annotation and value of each field of a command and its parts."""
    hints = get_type_hints(type(command))
    for name, value in command._asdict().items():
        if hasattr(value, "_fields"):
            yield from leaves(value)
        else:
            yield name, hints[name], value


def conforms(value: Any, hint: Any) -> bool:
    """Whether a value is of the annotated type."""
    if get_origin(hint) in (Union, UnionType):
        return any(conforms(value, one) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(conforms(one, get_args(hint)[0]) for one in value)
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))


def lines() -> Iterator[Sequence[str]]:
    """Each command in its shortest form, and with each single option that goes with it."""
    for verb, required in REQUIRED.items():
        yield [verb, *required]
        each = parser().verbs[verb]
        for name in {action.dest for action in each._actions} - {"help"}:
            yield [verb, *required, *typed(each, name)]


def test_every_parsed_value_has_the_type_of_its_field() -> None:
    parsed = 0
    for line in lines():
        try:
            command = parse(line).command
        except UsageError:
            continue  # an option that needs another one, or is required already
        parsed += 1
        for name, hint, value in leaves(command):
            assert conforms(value, hint), (line, name, value)
    assert parsed > 60


def test_every_option_has_a_field() -> None:
    for verb, required in REQUIRED.items():
        commands = [["check", "--domain", "b.es"], ["check", "a@b.es"]] if verb == "check" else []
        names = {
            name
            for line in commands or [[verb, *required]]
            for name, _hint, _value in leaves(parse(line).command)
        }
        options = {action.dest for action in parser().verbs[verb]._actions} - _HANDLED_BEFORE
        assert names == options, verb


def test_check_of_a_domain_is_a_command_of_its_own() -> None:
    command = parse(["check", "--domain", "b.es", "--since", "state"]).command
    assert isinstance(command, WatchCommand)
    assert (command.domain, command.since) == ("b.es", Path("state"))
    with pytest.raises(UsageError):
        parse(["check"])


@pytest.mark.parametrize("word", ["no-llega", "not-receiving"])
def test_symptom_is_read_in_any_language(word: str) -> None:
    command = parse(["check", "a@b.es", "--symptom", word]).command
    assert isinstance(command, CheckCommand)
    assert command.symptom is Symptom.NOT_RECEIVING


def test_repeatable_options_are_tuples() -> None:
    command = parse(["export", "a@b.es", "--for", "gmail", "--for", "other"]).command
    assert isinstance(command, ExportCommand)
    assert command.programs == ("gmail", "other")
    assert command.account.search.trust == ()


@pytest.mark.parametrize(
    "words", [["a b.mailsetup"], ["--lang", "es", "a b.mailsetup"], ["C:\\Temp\\A B.MAILSETUP"]]
)
def test_a_settings_file_alone_opens_the_window_with_it(words: list[str]) -> None:
    command = parse(words).command
    assert command == WindowCommand(demo=False, screenshot=None, opened=Path(words[-1]))


def test_a_settings_file_behind_a_command_is_its_argument() -> None:
    words = ["export", "a@b.es", "--for", "gmail", "--settings", "a.mailsetup"]
    assert isinstance(parse(words).command, ExportCommand)


def test_line_without_a_command_opens_the_window() -> None:
    assert parse(["--demo"]).command == WindowCommand(demo=True, screenshot=None, opened=None)
