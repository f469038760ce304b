"""Options that cannot be combined, abbreviated or repeated, and passwords among the arguments."""

import argparse
import io
import json

import pytest

from mailsetup.cli.main import main
from mailsetup.cli.parser.argument_parser import Parser, UsageError
from mailsetup.cli.parser.check import CheckCommand
from mailsetup.cli.parser.combinations import COMBINATIONS, With, Without, WithProgram
from mailsetup.cli.parser.command_line import parse, parser
from tests.support.cli.command_lines import REQUIRED, typed
from tests.support.cli.schema import valid

CANARY = "canary-Pa55w0rd"


def refused(*words: str) -> str:
    """The message of the error: the same in JSON and in text, always with status 2."""
    out, err = io.StringIO(), io.StringIO()
    assert main([*words, "--json"], io.StringIO(), out, err) == 2
    document = valid(json.loads(out.getvalue()), "error")
    assert document["error"]["id"] == "usage"
    message = str(document["error"]["message"])
    in_words = io.StringIO()
    assert main(words, io.StringIO(), io.StringIO(), in_words) == 2
    assert message in in_words.getvalue()
    return message


def written(parser: Parser, option: str) -> str:
    action = next(one for one in parser._actions if one.dest == option.partition("=")[0])
    return action.option_strings[0] if action.option_strings else str(action.metavar)


def test_the_table_holds_every_option_of_every_command() -> None:
    root = parser()
    found = {
        verb: {action.dest for action in each._actions} - {"help", "version", "verb"}
        for verb, each in (("", root), *root.verbs.items())
    }
    assert {verb: set(rules) for verb, rules in COMBINATIONS.items()} == found


RULES = [
    (verb, option, rule.resolve() if isinstance(rule, WithProgram) else rule)
    for verb, rules in COMBINATIONS.items()
    for option, several in rules.items()
    for rule in several
    if verb and rule != Without()
]


@pytest.mark.parametrize(("verb", "option", "rule"), RULES)
def test_option_without_effect_is_rejected_by_name(
    verb: str, option: str, rule: With | Without
) -> None:
    each = parser().verbs[verb]
    base = [verb, *REQUIRED[verb]]
    match rule:
        case With(options=needed):
            message = refused(*base, *typed(each, option))
            assert all(written(each, one) in message for one in needed)
        case Without(options=others):
            for other in others:
                message = refused(*base, *typed(each, option), *typed(each, other))
                assert written(each, other) in message
    assert written(each, option) in message


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--domain", "b.es", "--since", "s.json", "--settings", "s.json"),
        ("check", "a@b.es", "--second", "b@c.es", "--blocklists", "--password-stdin"),
        ("check", "a@b.es", "--sign-in", "device", "--second", "b@c.es", "--password-stdin"),
        ("check", "a@b.es", "--no-send", "--second", "b@c.es", "--wait", "9"),
        ("check", "a@b.es", "--settings", "s.json", "--offline", "--resolver", "192.0.2.1"),
        ("check", "a@b.es", "--settings", "s.json", "--trust", "c.es"),
        ("check", "a@b.es", "--settings", "s.json", "--second", "b@c.es", "--timeout", "9"),
        ("check", "a@b.es", "--report", "r.html", "--force", "--try-usernames"),
        ("export", "a@b.es", "--for", "outlook", "--for", "apple-mail", "--sign-cert", "c.pem"),
        ("export", "a@b.es", "--for", "outlook", "--settings", "s.json", "--offline"),
        ("apply", "a@b.es", "--to", "thunderbird", "--undo", "--only-ours", "--profile", "p"),
        ("apply", "a@b.es", "--to", "thunderbird", "--store-password", "--password-stdin"),
        ("apply", "a@b.es", "--to", "evolution", "--force"),
        ("publish", "b.es", "--out", "web", "--verify", "--force", "--relative"),
        ("batch", "t.csv", "--dry-run", "--out", "o", "--check", "--wait", "9", "--for", "gmail"),
    ],
)
def test_valid_combinations_are_parsed(words: tuple[str, ...]) -> None:
    assert parse(words).verb == words[0]


def test_all_reasons_are_reported_together() -> None:
    message = refused("check", "--domain", "b.es", "--report", "r.html", "--blocklists")
    assert message == (
        "--report, --blocklists cannot be used with --domain. "
        "--blocklists can only be used with --second."
    )


def test_typed_default_counts_as_given() -> None:
    assert "--wait" in refused("check", "--domain", "b.es", "--wait", "120")
    command = parse(["check", "a@b.es"]).command
    assert isinstance(command, CheckCommand)
    assert command.message.wait == 120.0


def test_options_of_the_window_are_rejected_with_a_command() -> None:
    assert refused("--demo", "programs") == "--demo cannot be used with “programs”."
    assert "--screenshot" in refused("--screenshot", "x.png", "programs")


@pytest.mark.parametrize(
    "words",
    [
        ("programs", "--js"),
        ("check", "a@b.es", "--no-s"),
        ("export", "a@b.es", "--for", "gmail", "--of"),
        ("batch", "t.csv", "--dry"),
        ("--vers",),
    ],
)
def test_options_are_not_abbreviated(words: tuple[str, ...]) -> None:
    assert words[-1] in refused(*words)


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        (verb, action.option_strings[0])
        for verb, each in parser().verbs.items()
        for action in each._actions
        if action.option_strings and action.nargs is None
        if not isinstance(action, argparse._AppendAction)
    ],
)
def test_repeated_option_is_rejected(verb: str, option: str) -> None:
    assert option in refused(verb, *REQUIRED[verb], option, "1", option, "1")


# Passwords --------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["", *REQUIRED])
@pytest.mark.parametrize(
    "words",
    [
        ("--password", CANARY),
        (f"--password={CANARY}",),
        ("--password=two words " + CANARY,),
        (f"--password{CANARY}",),
        ("--pass", CANARY),
        ("--passwd", CANARY),
        ("--PASSWORD", CANARY),
        ("--contraseña", CANARY),
        (f"--clave={CANARY}",),
        ("-p", CANARY),
        (f"-p{CANARY}",),
        ("-p", f"-{CANARY}"),
        ("--pw", f"--{CANARY}"),
        ("--token", CANARY),
    ],
)
def test_password_on_the_command_line_is_never_quoted(verb: str, words: tuple[str, ...]) -> None:
    rest = [verb, *REQUIRED[verb]] if verb else ["check", "a@b.es"]
    line = [*rest, *words] if verb else [*words, *rest]
    message = refused(*line)
    assert CANARY not in message
    assert "others on this computer could read the password" in message


@pytest.mark.parametrize(
    "words",
    [
        ("check", "a@b.es", CANARY),
        ("check", "a@b.es", f"--password-stdin={CANARY}"),
        ("check", "a@b.es", "--password-stdin", CANARY),
        ("check", "a@b.es", "--unknown", CANARY),
        ("check", "a@b.es", f"--unknown={CANARY}"),
        ("check", "a@b.es", f"-x{CANARY}"),
        ("--password-stdin", CANARY, "check", "a@b.es"),
        ("--unknown", CANARY),
        ("discover", "--password-stdin", CANARY),
        ("check", "--", "a@b.es", CANARY),
    ],
)
def test_arguments_after_an_unknown_option_are_never_quoted(words: tuple[str, ...]) -> None:
    out, err = io.StringIO(), io.StringIO()
    for line in (words, (*words[:1], "--json", *words[1:])):
        assert main(line, io.StringIO(), out, err) == 2
    assert CANARY not in out.getvalue() + err.getvalue()


def test_each_command_suggests_what_replaces_a_password_option() -> None:
    assert "--password-stdin" in refused("check", "a@b.es", "--password", CANARY)
    assert "--password-command" in refused("batch", "t.csv", "--password", CANARY)
    assert "“discover” needs no password" in refused("discover", "a@b.es", "--password", CANARY)


# Where to read on -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ((), "mailsetup --help"),
        (("discovr",), "mailsetup --help"),
        (("discover",), "mailsetup discover --help"),
        (("discover", "a@b.es", "--nosuch"), "mailsetup discover --help"),
        (("check", "--domain", "b.es", "--no-send"), "mailsetup check --help"),
        (("export", "a@b.es", "--for", "pine"), "mailsetup export --help"),
        (("kit", "--out", "k"), "mailsetup kit --help"),
        (("batch", "t.csv", "--wait", "nie"), "mailsetup batch --help"),
    ],
)
def test_usage_error_names_the_help_of_its_command(words: tuple[str, ...], shown: str) -> None:
    err = io.StringIO()
    assert main(words, io.StringIO(), io.StringIO(), err) == 2
    assert f"“{shown}”" in err.getvalue()


def test_usage_error_carries_its_command() -> None:
    with pytest.raises(UsageError) as caught:
        parse(["check", "--nosuch"])
    assert caught.value.verb == "check"
