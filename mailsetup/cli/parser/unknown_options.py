"""Checks of the options before argparse parses them.

`argparse` quotes arguments that it does not understand. One of them may be a password, and the
message may end in a log or a JSON document. So unknown options are rejected here first, and only
their names are quoted.
"""

import argparse
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NoReturn

from mailsetup.cli.parser.argument_parser import Parser, UsageError
from mailsetup.i18n import _
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.text import plain

_SECRET_WORDS = {"passwd", "passphrase", "pw", "secret", "token"}.union(
    word.replace(" ", "-")
    for language in LANGUAGES.values()
    for word in language.heading_words.get("password", ())
)
_SECRET = re.compile(
    f"-+({'|'.join(map(re.escape, sorted(_SECRET_WORDS, key=len, reverse=True)))})|-p",
    re.IGNORECASE,
)
"""How an option for a password may begin, without accents. The rest of it may be the password."""
_NAME = re.compile(r"--[\w-]{1,40}|-\w")
_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")


def check_options(root: Parser, arguments: Sequence[str]) -> None:
    """Raise `UsageError` for an unknown option, a value of a flag, or a repeated option."""
    parser = root
    given: set[str] = set()
    words = iter(arguments)
    for word in words:
        if word == "--":
            return
        if _is_option(word):
            _check_option(word, parser, root, given, words)
        elif parser is root:
            parser = _verb(word, root)


def _is_option(word: str) -> bool:
    """As for argparse, an argument with a blank, and a negative number, is a value."""
    if len(word) < 2 or not word.startswith("-") or _NEGATIVE.fullmatch(word):
        return False
    return " " not in word.partition("=")[0]


def _verb(word: str, root: Parser) -> Parser:
    if word not in root.verbs:
        raise UsageError(
            _("There is no command “{word}”. The commands are: {known}.").format(
                word=plain(word, 40), known=", ".join(root.verbs)
            )
        )
    return root.verbs[word]


def _check_option(
    word: str, parser: Parser, root: Parser, given: set[str], words: Iterator[str]
) -> None:
    name, has_value, _value = word.partition("=")
    action = parser.options.get(name)
    if action is None:
        _unknown(name, parser, root)
    if action.nargs == 0:
        if has_value:
            raise UsageError(_("{option} takes no value.").format(option=name), parser.verb)
        return
    if not isinstance(action, argparse._AppendAction):
        if name in given:
            message = _("{option} was given twice, but it takes only one value.")
            raise UsageError(message.format(option=name), parser.verb)
        given.add(name)
    if not has_value:
        # Where this is another option, argparse reports the missing value.
        next(words, None)


def _unknown(name: str, parser: Parser, root: Parser) -> NoReturn:
    letters = (unicodedata.normalize("NFKD", char)[0] for char in name)
    secret = _SECRET.match("".join(letters))
    if secret is not None and not _is_known(name, root):
        raise UsageError(_no_password(name[: secret.end()], parser), parser.verb)
    found = _NAME.match(name)
    shown = found.group() if found is not None else "-"
    if not _is_known(name, root):
        message = _("There is no option {option}.").format(option=shown)
    elif parser is root:
        message = _("Write {option} after the command, not before it.").format(option=shown)
    else:
        message = _("“{verb}” has no option {option}.").format(verb=parser.verb, option=shown)
    raise UsageError(message, parser.verb)


def _is_known(name: str, root: Parser) -> bool:
    return any(name in each.options for each in (root, *root.verbs.values()))


def _no_password(option: str, parser: Parser) -> str:
    """Why there is no option for a password, and what to use instead."""
    why = _("There is no {option}: others on this computer could read the password.").format(
        option=option
    )
    if "--password-stdin" in parser.options:
        how = _("Use --password-stdin, or keep it in the keyring with the window.")
    elif "--password-command" in parser.options:
        how = _("Use --password-command, or a column of the table.")
    elif parser.verb:
        how = _("“{verb}” needs no password.").format(verb=parser.verb)
    else:
        how = _("Use --password-stdin after the command.")
    return f"{why} {how}"
