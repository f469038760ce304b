"""Signing in with the browser, in the worker thread."""

from dataclasses import dataclass, field

from mailsetup.assistant.events import Emit
from mailsetup.assistant.signin.flow import SignIn, SignInMeans, SignInMethod
from mailsetup.assistant.technician_options import TechnicianOptionFailure
from mailsetup.assistant.texts.signin import (
    clients_problem_sentence,
    sign_in_link,
    sign_in_sentence,
)
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.model.sign_in import ClientsFailure, SignInFailure


@dataclass(frozen=True, slots=True)
class MethodEnd:
    """Where to sign in, or why nowhere, as a sentence."""

    method: SignInMethod | None = None
    problem: str = ""
    stored: SignIn | None = field(default=None, repr=False)
    """The sign-in from the keyring, if there is one."""


@dataclass(frozen=True, slots=True)
class SignInEnd:
    """The sign-in, or why it failed, as a sentence."""

    result: SignIn | None = field(default=None, repr=False)
    problem: str = ""
    link: str = field(default="", repr=False)
    """What to send to an administrator, where that helps."""


async def find_method(holder: AssistantHolder, state: WizardState) -> MethodEnd:
    """Where to sign in for the state's account."""
    account, discovery = state.servers.account, state.search.discovery
    assistant = holder.configured(state.technician.options)
    if account is None:
        return MethodEnd()
    if isinstance(assistant, TechnicianOptionFailure):
        return MethodEnd(problem=assistant.sentence)
    agreed = (*state.search.agreed_before, *state.search.agreed)
    if state.servers.typed:
        # The user agreed to servers by entering them; the page asks about those that the provider
        # does not own.
        agreed += account.hosts
    settings = discovery.settings if discovery is not None else None
    match await assistant.sign_ins.find_method(account, settings, agreed=agreed):
        case SignInMethod() as method:
            stored = None if state.demo.people else await assistant.sign_ins.load(method)
            return MethodEnd(method, stored=stored if isinstance(stored, SignIn) else None)
        case SignInFailure() as failure:
            return MethodEnd(problem=sign_in_sentence(failure))
        case ClientsFailure() as failure:
            return MethodEnd(problem=clients_problem_sentence(failure))


async def sign_in(
    holder: AssistantHolder, method: SignInMethod, emit: Emit, *, by_code: bool, again: bool
) -> SignInEnd:
    """Let the user sign in. ``again`` asks the provider to let them choose an account."""
    means = SignInMeans.DEVICE if by_code else SignInMeans.BROWSER
    # The page opens the browser, in the window's thread, when it receives the event with the URL.
    made = await holder.get().sign_ins.sign_in(
        method, lambda _url: None, emit, means=means, choose_account=again
    )
    if isinstance(made, SignIn):
        return SignInEnd(made)
    return SignInEnd(problem=sign_in_sentence(made), link=sign_in_link(made, method))
