"""The result of a sign-in in words: what happened, and what to do next."""

from typing import assert_never

from mailsetup.assistant.signin.flow import SignInMethod
from mailsetup.assistant.texts.search import ignored_file_sentence
from mailsetup.i18n import _
from mailsetup.model.sign_in import ClientsFailure, SignInFailure, SignInFault
from mailsetup.model.text import plain


def sign_in_sentence(failure: SignInFailure, *, takes_password: bool = True) -> str:
    """Why there is no sign-in, and what to do next.

    ``takes_password``: whether the account can be opened with one, too.
    """
    detail = plain(failure.detail, 200)
    match failure.fault:
        case SignInFault.NO_PROVIDER:
            return _(
                "Nobody says where one signs in for this account. Ask your provider, or use a"
                " password."
            )
        case SignInFault.NO_CLIENT:
            return _no_client(detail, takes_password=takes_password)
        case SignInFault.PORT_TAKEN:
            return _(
                "Another program is using port {port}, to which the browser has to come back."
                " Close it, or wait for another sign-in to end, and try again."
            ).format(port=failure.port)
        case SignInFault.NO_LOOPBACK:
            return _(
                "This computer does not let the browser come back to this program. A firewall or"
                " an antivirus may forbid it. Sign in by a code instead, if your provider can."
            )
        case SignInFault.TIMED_OUT:
            return _(
                "Nobody finished the sign-in. If you closed the page, open it again; it waits a"
                " few minutes."
            )
        case SignInFault.DENIED:
            return _(
                "You did not give leave in the browser, so nothing was done. Try again and choose"
                " “Allow”."
            )
        case SignInFault.WRONG_STATE:
            return _(
                "A page came back from the browser that does not belong to this sign-in. Close"
                " old sign-in pages and try again."
            )
        case SignInFault.WRONG_ISSUER:
            return _(
                "The answer came from another provider than the one that was asked, so it was not"
                " used. Try again; if it stays so, tell your provider."
            )
        case SignInFault.ADMIN_CONSENT:
            return _(
                "Your organisation wants an administrator to allow this program first. Send them"
                " the link."
            )
        case SignInFault.CLIENT_REFUSED:
            return _(
                "The provider does not accept the id of this program ({said}). Whoever set it up"
                " has to check it."
            ).format(said=detail)
        case SignInFault.SCOPE_MISSING:
            return _(
                "You signed in, but without leave to read and send mail. Try again and allow"
                " everything that the page asks about mail."
            )
        case SignInFault.CODE_REFUSED:
            return _("The provider did not accept its own answer ({said}). Try again.").format(
                said=detail
            )
        case SignInFault.EXPIRED:
            return _("The kept sign-in is not valid any more. Sign in again.")
        case SignInFault.REFUSED:
            return _(
                "The provider refuses the sign-in: {said}. Try again later, or ask the provider."
            ).format(said=detail)
        case SignInFault.UNREACHABLE:
            return _("{host} cannot be reached. Check the connection and try again.").format(
                host=detail
            )
        case SignInFault.UNTRUSTED:
            return _(
                "The certificate of {host} is not valid, so nothing was sent there. Look at this"
                " computer's clock; if it is right, tell your provider."
            ).format(host=detail)
        case SignInFault.METADATA_REDIRECTED:
            return _(
                "Your provider's sign-in sends us on to another place ({place}), which is not"
                " allowed. Tell your provider, or use a password."
            ).format(place=detail)
        case SignInFault.METADATA_OTHER_ISSUER:
            return _(
                "Your provider's sign-in calls itself by another name ({name}), so it is not"
                " trusted. Tell your provider, or use a password."
            ).format(name=detail)
        case SignInFault.METADATA_UNUSABLE:
            return _(
                "Your provider's sign-in cannot be used ({detail}). Tell your provider, or use a"
                " password."
            ).format(detail=detail)
        case SignInFault.NOT_REGISTERED:
            return _(
                "Your provider does not let new programs in ({detail}). Use an app password, or"
                " let your mail program do the sign-in."
            ).format(detail=detail)
        case SignInFault.MALFORMED:
            return _("The provider's answer makes no sense. Try again later.")
        case SignInFault.DEVICE_UNSUPPORTED:
            return _("This provider has no sign-in by a code. Sign in in the browser.")
        case _:
            assert_never(failure.fault)


def no_client_sentence(method: SignInMethod) -> str:
    """This program has no client id at the provider, and what to do instead."""
    return _no_client(plain(method.name, 120), takes_password=method.account.takes_password)


def _no_client(provider: str, *, takes_password: bool) -> str:
    provider = provider or _("The provider")
    if takes_password:
        return _(
            "{provider} only lets programs in that it knows by an id, and this program has none"
            " there. Use an app password, or let your mail program do the sign-in."
        ).format(provider=provider)
    return _(
        "{provider} only lets programs in that it knows by an id, and this program has none there."
        " Passwords do not work. Let your mail program do the sign-in; all else can be tried here."
    ).format(provider=provider)


def sign_in_link(failure: SignInFailure, method: SignInMethod | None) -> str:
    """A link for the administrator that helps with the failure; "" for none."""
    if failure.fault is SignInFault.ADMIN_CONSENT and method is not None:
        return method.consent_link
    return ""


def other_account_sentence(chosen: str, address: str) -> str:
    """The address that was chosen in the browser is not the one of the mailbox."""
    return _(
        "You signed in as {chosen}, but your address is {address}. If both are the same mailbox,"
        " go on. Otherwise sign in again and choose {address}."
    ).format(chosen=plain(chosen, 254), address=address)


def clients_problem_sentence(problem: ClientsFailure) -> str:
    """Why the technician's file of clients cannot be used."""
    if problem.distrust is not None:
        return ignored_file_sentence(str(problem.distrust), problem.path)
    path, where = plain(problem.path, 200), plain(problem.where, 120)
    if where:
        return _("The file {path} cannot be used: {where}.").format(path=path, where=where)
    return _("The file {path} cannot be read.").format(path=path)
