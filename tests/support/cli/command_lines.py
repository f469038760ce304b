"""Command lines that the parser accepts."""

from mailsetup.cli.parser.argument_parser import Parser

REQUIRED = {
    "discover": ["a@b.es"],
    "check": [],
    "export": ["a@b.es", "--for", "other"],
    "apply": ["a@b.es", "--to", "gmail"],
    "publish": ["b.es"],
    "batch": ["people.csv"],
    "kit": ["--out", "kit"],
    "programs": [],
    "schema": [],
    "completion": ["bash"],
    "manual": [],
}
"""The shortest command lines that the parser takes."""

VALUES = {
    "attachment_mib": "1", "timeout": "9", "wait": "9", "sign_in": "browser", "mta_sts": "enforce",
    "symptom": "spam", "parallel": "2", "per_host": "2", "lang": "en", "kits": "apple",
}  # fmt: skip


def typed(parser: Parser, option: str) -> list[str]:
    """An option as it is typed, with a value where it needs one."""
    name, _has_value, value = option.partition("=")
    action = next(one for one in parser._actions if one.dest == name)
    if not action.option_strings:
        return ["x@y.es"]
    if action.nargs == 0:
        return [action.option_strings[0]]
    return [action.option_strings[0], value or VALUES.get(name, "value")]
