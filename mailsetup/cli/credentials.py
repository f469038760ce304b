"""The credentials of a check: a password, or a sign-in in the browser (OAuth 2.0)."""

import os
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import replace

from mailsetup.assistant.events import Event, SignInCode, SignInOpened
from mailsetup.assistant.signin.flow import SignIn, SignInMeans, SignInMethod
from mailsetup.assistant.texts.signin import (
    clients_problem_sentence,
    no_client_sentence,
    other_account_sentence,
    sign_in_link,
    sign_in_sentence,
)
from mailsetup.cli.command_error import CommandError
from mailsetup.cli.engine import Engine
from mailsetup.cli.exit_status import ExitStatus
from mailsetup.cli.parser.check import CheckCommand
from mailsetup.cli.password import known_password, password_prompt
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.hostname import to_u_label
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account
from mailsetup.model.sign_in import ClientsFailure, SignInFailure, SignInFault
from mailsetup.model.text import plain

_INPUT_FAULTS = frozenset({SignInFault.NO_CLIENT, SignInFault.NO_PROVIDER, SignInFault.PORT_TAKEN})
"""Faults of the configuration, found before the first attempt."""


def available_password(
    command: CheckCommand, streams: Streams, engine: Engine, address: EmailAddress
) -> Secret | None:
    """The password from standard input or the keyring; None where the user can give it later.

    Raises `CommandError` where there is neither a password, a stored sign-in nor a terminal.
    """
    if command.sign_in.is_wanted:
        return None
    known = known_password(address, streams, engine, from_stdin=command.password_stdin)
    if known is not None:
        return known
    if streams.stdin.isatty() or engine.run(engine.assistant.sign_ins.is_stored(address)):
        return None
    raise CommandError(
        "password.missing",
        _(
            "There is no password. Use --password-stdin, or keep it in the keyring with the"
            " window. For a sign-in in the browser use --sign-in."
        ),
    )


def ask_for_credentials(
    command: CheckCommand,
    streams: Streams,
    engine: Engine,
    account: Account,
    discovery: Discovery,
    agreed: Collection[str],
) -> tuple[Secret, SignIn | None]:
    """A stored sign-in, a typed password or a new sign-in; its token is used as the password."""
    interactive = streams.stdin.isatty() and not streams.wants_json
    wanted = command.sign_in.is_wanted
    if not (wanted or account.takes_sign_in):
        return password_prompt(account.address), None
    method = engine.run(
        engine.assistant.sign_ins.find_method(
            account, discovery.settings, agreed=_agreed(discovery, account, agreed)
        )
    )
    if isinstance(method, ClientsFailure):
        raise CommandError("sign-in.settings", clients_problem_sentence(method))
    if isinstance(method, SignInFailure):
        if wanted or not interactive:
            raise _refused(method, None)
        return password_prompt(account.address), None
    method = _confirmed(method, streams)
    made = engine.run(engine.assistant.sign_ins.load(method))
    if isinstance(made, SignIn):
        return _stored(made, command, streams, engine)
    if isinstance(made, SignInFailure) and not (wanted or interactive):
        raise _refused(made, method)
    if not wanted and account.takes_password:
        typed = password_prompt(account.address, may_be_empty=method.can_begin)
        if typed:
            return typed, None
    if not method.can_begin and not wanted and not account.takes_password:
        # Without a login, everything else can still be checked.
        streams.stderr.write(f"{no_client_sentence(method)}\n")
        return Secret(""), None
    return _stored(_sign_in(method, command, streams, engine), command, streams, engine)


def _agreed(discovery: Discovery, account: Account, agreed: Collection[str]) -> tuple[str, ...]:
    """Domains and hosts that may get the token; servers of the user's own file are agreed to."""
    given = discovery.source is not None and discovery.source.method == "file"
    return (*agreed, *((account.incoming.host, account.outgoing.host) if given else ()))


def _confirmed(method: SignInMethod, streams: Streams) -> SignInMethod:
    """Ask whether servers that are not the provider's may get the token. Raises `CommandError`."""
    if not method.confirm:
        return method
    domains = ", ".join(to_u_label(domain) for domain in method.confirm)
    host = plain(method.page_host, 120)
    if streams.stdin.isatty() and not streams.wants_json:
        question = _("May the servers of {domains} use your sign-in at {host}? [y/N] ")
        if streams.confirms(question.format(domains=domains, host=host)):
            return replace(method, confirm=())
    option = " ".join(f"--trust {domain}" for domain in method.confirm)
    raise CommandError(
        "confirmation.needed",
        _(
            "Your mail is at {domains}, but the sign-in is at {host}. If you know both, run this"
            " again with {option}."
        ).format(domains=domains, host=host, option=option),
        ExitStatus.NEEDS_CONFIRMATION,
    )


def _sign_in(
    method: SignInMethod, command: CheckCommand, streams: Streams, engine: Engine
) -> SignIn:
    if command.sign_in.sign_in:
        means = SignInMeans(command.sign_in.sign_in)
    else:
        # In a remote shell, no browser can be redirected to this computer.
        by_device = method.by_device and not _has_browser()
        means = SignInMeans.DEVICE if by_device else SignInMeans.BROWSER

    def print_instructions(event: Event) -> None:
        lines = _instructions(event)
        streams.stderr.writelines(f"{line}\n" for line in lines)
        streams.stderr.flush()

    made = engine.run(
        engine.assistant.sign_ins.sign_in(method, browser_opener(), print_instructions, means=means)
    )
    if isinstance(made, SignInFailure):
        raise _refused(made, method)
    return made


def _instructions(event: Event) -> tuple[str, ...]:
    match event:
        case SignInOpened(url=url, host=host):
            return (
                _("Sign in on the page of {host}, which opens in your browser.").format(
                    host=plain(host, 120)
                ),
                _("If it does not open, open this address yourself:"),
                url,
                _("Waiting for you to finish there (Ctrl+C ends it) …"),
            )
        case SignInCode(page=page, code=code):
            return (
                _("Open this page on any device: {page}").format(page=page),
                _("Type this code there: {code}").format(code=code),
                _("Waiting for you to finish there (Ctrl+C ends it) …"),
            )
        case _:
            return ()


def _stored(
    made: SignIn, command: CheckCommand, streams: Streams, engine: Engine
) -> tuple[Secret, SignIn | None]:
    if made.is_of_another:
        address = str(made.method.account.address)
        streams.stderr.write(f"{other_account_sentence(made.signed_in_as, address)}\n")
    if command.sign_in.keep_sign_in and not made.stored:
        if engine.run(engine.assistant.sign_ins.store(made)):
            made = replace(made, stored=True)
        else:
            streams.stderr.write(_("The keyring did not take the sign-in.") + "\n")
    return made.token, made


def _refused(failure: SignInFailure, method: SignInMethod | None) -> CommandError:
    link = sign_in_link(failure, method)
    takes_password = method is None or method.account.takes_password
    sentence = sign_in_sentence(failure, takes_password=takes_password)
    status = ExitStatus.BAD_INPUT if failure.fault in _INPUT_FAULTS else ExitStatus.BROKEN
    return CommandError(
        f"sign-in.{failure.fault}", f"{sentence}\n{link}" if link else sentence, status
    )


def _has_browser() -> bool:
    """Whether a browser could open on a screen of this computer."""
    return sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


def browser_opener() -> Callable[[str], None]:
    """A function that opens a page in the user's browser without waiting; no-op without one."""
    graphical = _has_browser()

    def open_page(url: str) -> None:
        if not graphical or not url.startswith("https://"):
            return
        import webbrowser

        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    return open_page
