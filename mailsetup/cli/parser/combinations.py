"""Which options can be combined. An option without effect is an error, never ignored.

The table holds every option of every command (a test compares it with the parser). Options are
named as in the parser's namespace; ``program=outlook`` stands for that value of an option.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsetup.i18n import _, ngettext

if TYPE_CHECKING:
    from mailsetup.apply.targets import Target


@dataclass(frozen=True, slots=True)
class With:
    """Needs one of these options."""

    options: tuple[str, ...]

    def __init__(self, *options: str) -> None:
        object.__setattr__(self, "options", options)


@dataclass(frozen=True, slots=True)
class Without:
    """Cannot be used with any of these options, except where one of ``unless`` is given."""

    options: tuple[str, ...]
    unless: tuple[str, ...] = ()

    def __init__(self, *options: str, unless: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "unless", unless)


@dataclass(frozen=True, slots=True)
class WithProgram:
    """Needs one of the programs of which ``fits`` is true, as value of an option."""

    option: str
    fits: "Callable[[Target], object]"

    def resolve(self) -> With:
        """The rule with the ids of the programs. Only now is their table imported (5 ms)."""
        from mailsetup.apply.targets import TARGETS

        return With(*(f"{self.option}={target.id}" for target in TARGETS if self.fits(target)))


Rule = With | Without | WithProgram
Rules = Mapping[str, Sequence[Rule]]


_WITH_PROFILES = WithProgram("program", lambda target: target.load_profile_applier)
_ALWAYS: tuple[Rule, ...] = ()
_OUTPUT: Rules = {"json": _ALWAYS, "lang": _ALWAYS}


def _searching(known: Rule, network: Rule) -> Rules:
    """The options for finding settings. ``known`` excludes options without a search.

    ``network`` excludes options without use of the network; --offline is then true, not ignored.
    """
    return {
        "settings": _ALWAYS,
        "trust": (known,),
        "timeout": (known, Without("offline")),
        "allow_http": (known, Without("offline")),
        "resolver": (network,),
        "ca_file": (network,),
        "offline": _ALWAYS,
    }


_FOUND_ONLY = _searching(Without("settings"), Without("settings", "offline"))
"""For commands that use the network only to find settings."""

COMBINATIONS: Mapping[str, Rules] = {
    "": {"lang": _ALWAYS, "demo": (Without("verb"),), "screenshot": (Without("verb"),)},
    "discover": {"address": _ALWAYS, **_OUTPUT, **_FOUND_ONLY},
    "check": {
        **_OUTPUT,
        # A check always uses the network. The settings of the second mailbox are searched, too,
        # and the sign-in of an account may need a domain that the user trusts.
        **_searching(Without("settings", unless=("second",)), Without()),
        "trust": (Without("settings", unless=("address",)),),
        "offline": (Without("domain"),),
        "address": (Without("domain"),),
        "domain": _ALWAYS,
        "since": (With("domain"),),
        "password_stdin": (Without("domain"), Without("sign_in", unless=("second",))),
        "sign_in": (Without("domain"),),
        "oauth_client_id": (Without("domain"),),
        "keep_sign_in": (
            Without("domain"),
            Without("password_stdin", unless=("sign_in", "oauth_client_id")),
        ),
        "no_send": (Without("domain"),),
        "attachment_mib": (Without("domain", "no_send"),),
        "wait": (Without("domain"), Without("no_send", unless=("second",))),
        "second": (Without("domain"),),
        "blocklists": (Without("domain"), With("second")),
        "symptom": (Without("domain"),),
        "report": (Without("domain"),),
        "force": (With("report"),),
        "try_usernames": (Without("domain"),),
    },
    "export": {
        "address": _ALWAYS,
        **_OUTPUT,
        **_FOUND_ONLY,
        "programs": _ALWAYS,
        "out": _ALWAYS,
        "force": _ALWAYS,
        "name": _ALWAYS,
        "sign_cert": (WithProgram("programs", lambda target: target.can_be_signed),),
        "sign_key": (With("sign_cert"),),
    },
    "apply": {
        "address": _ALWAYS,
        **_OUTPUT,
        **{name: (*rules, Without("undo")) for name, rules in _FOUND_ONLY.items()},
        "program": _ALWAYS,
        "name": (Without("undo"),),
        "profile": (_WITH_PROFILES,),
        "store_password": (_WITH_PROFILES, Without("undo")),
        "password_stdin": (With("store_password"),),
        "undo": (_WITH_PROFILES,),
        "only_ours": (With("undo"),),
        "force": (WithProgram("program", lambda target: target.can_be_repaired),),
    },
    "publish": {
        "domain": _ALWAYS,
        **_OUTPUT,
        # The mail exchangers are always looked up.
        **_searching(Without("settings"), Without()),
        "address": _ALWAYS,
        "out": _ALWAYS,
        "verify": _ALWAYS,
        "web": _ALWAYS,
        "mta_sts": _ALWAYS,
        "folder": (With("out"),),
        "relative": (With("out"),),
        "force": (With("out"),),
    },
    "batch": {
        "table": _ALWAYS,
        **_OUTPUT,
        # The table may name settings for some people and not for others.
        **_searching(Without(), Without("offline", unless=("check",))),
        "out": _ALWAYS,
        "programs": _ALWAYS,
        # It shows what the command would do without it, so every option is allowed.
        "dry_run": _ALWAYS,
        "skip_bad": _ALWAYS,
        "check": _ALWAYS,
        "no_send": (With("check"),),
        "attachment_mib": (With("check"), Without("no_send")),
        "wait": (With("check"), Without("no_send")),
        "password_command": (With("check"),),
        "allow_commands": (With("check"),),
        "retry_failed": (With("check"),),
        "pdf": _ALWAYS,
        "contact": _ALWAYS,
        "sheet": _ALWAYS,
        "encoding": _ALWAYS,
        "parallel": _ALWAYS,
        "per_host": (With("check"),),
    },
    "kit": {
        **_OUTPUT,
        "settings": _ALWAYS,
        "address": _ALWAYS,
        "out": _ALWAYS,
        "kits": _ALWAYS,
        "name": _ALWAYS,
        "force": _ALWAYS,
    },
    "programs": _OUTPUT,
    "schema": {"lang": _ALWAYS},
    "completion": {"lang": _ALWAYS, "shell": _ALWAYS},
    "manual": {"lang": _ALWAYS},
}


def refusal(verb: str, given: Mapping[str, object], names: Mapping[str, str]) -> str:
    """Why these options of a command cannot be combined, in sentences; "" where they can.

    ``given`` holds the typed options only. ``names`` maps each to its spelling.
    """
    table = {**COMBINATIONS[""], **COMBINATIONS[verb]}
    grouped: dict[tuple[type[With | Without], tuple[str, ...]], list[str]] = {}
    for option in given:
        for rule in table.get(option, ()):
            resolved = rule.resolve() if isinstance(rule, WithProgram) else rule
            others = _broken(resolved, given)
            if others:
                grouped.setdefault((type(resolved), others), []).append(option)
    return " ".join(
        _sentence(kind, options, others, given, names)
        for (kind, others), options in grouped.items()
    )


def _broken(rule: With | Without, given: Mapping[str, object]) -> tuple[str, ...]:
    """The conflicting or missing options; none where the rule holds."""
    match rule:
        case With(options=needed):
            return () if any(_is_given(one, given) for one in needed) else needed
        case Without(options=others, unless=unless):
            if any(_is_given(one, given) for one in unless):
                return ()
            return tuple(one for one in others if _is_given(one, given))[:1]


def _is_given(option: str, given: Mapping[str, object]) -> bool:
    name, has_value, value = option.partition("=")
    if not has_value:
        return given.get(name) is not None
    typed = given.get(name)
    return value in typed if isinstance(typed, list) else value == typed


def _sentence(
    kind: type[With | Without],
    options: Sequence[str],
    others: Sequence[str],
    given: Mapping[str, object],
    names: Mapping[str, str],
) -> str:
    shown = ", ".join(_shown(option, given, names) for option in options)
    if kind is With:
        other = _(" or ").join(_shown(option, given, names) for option in others)
        return ngettext(
            "{options} can only be used with {other}.",
            "{options} can only be used with {other}.",
            len(options),
        ).format(options=shown, other=other)
    other = ", ".join(_shown(option, given, names) for option in others)
    return ngettext(
        "{options} cannot be used with {other}.",
        "{options} cannot be used with {other}.",
        len(options),
    ).format(options=shown, other=other)


def _shown(option: str, given: Mapping[str, object], names: Mapping[str, str]) -> str:
    name, _has_value, value = option.partition("=")
    if name == "verb":
        return f"“{given['verb']}”"
    written = names.get(name, f"--{name}")
    return f"“{written} {value}”" if value else written
