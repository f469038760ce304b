"""The check of the account, in the worker thread."""

import asyncio
from dataclasses import dataclass

from mailsetup.assistant.account_choice import alternatives_to, unproven_owners
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.events import Emit
from mailsetup.assistant.run_options import UnconfirmedError
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.technician_options import TechnicianOptionFailure
from mailsetup.assistant.wizard_state import WizardState
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account


@dataclass(frozen=True, slots=True)
class CheckEnd:
    """The report; None where the technician's options cannot be used."""

    report: CheckReport | None
    second_took_part: bool = True


async def check(holder: AssistantHolder, state: WizardState, emit: Emit) -> CheckEnd:
    """Check the state's account, and store password or sign-in where that was asked for.

    Raises `UnconfirmedError` for servers by hand that the user did not agree to.
    """
    account = state.servers.account
    assistant = holder.configured(state.technician.options)
    if account is None or isinstance(assistant, TechnicianOptionFailure):
        return CheckEnd(None)
    _require_agreement(state, account, assistant)
    request = await _request(state, account, assistant)
    report = await assistant.check(request, emit)
    if report.is_healthy and not state.demo.people:
        await _store(state, request, assistant)
    return CheckEnd(report, state.second.address is None or request.second is not None)


def _require_agreement(state: WizardState, account: Account, assistant: Assistant) -> None:
    discovery = state.search.discovery
    if not state.servers.typed or discovery is None:
        return
    unproven = set(unproven_owners(discovery, account.hosts)) - set(state.search.agreed)
    if not unproven <= set(assistant.options.agreed):
        raise UnconfirmedError(", ".join(sorted(unproven)))


async def _request(state: WizardState, account: Account, assistant: Assistant) -> CheckRequest:
    discovery, second = state.chosen_discovery, state.second
    settings = discovery.settings if discovery is not None else None
    sign_in = state.sign_in.result if state.sign_in.in_use else None
    other = None
    if second.address is not None:
        other = await assistant.find_second(second.address, Secret(second.password))
    return CheckRequest(
        account=account,
        secret=sign_in.token if sign_in is not None else Secret(state.credentials.password),
        sign_in=sign_in,
        second=other,
        symptom=state.owner.symptom,
        previous=state.check.last_report,
        alternatives=alternatives_to(account, settings) if settings is not None else (),
        discovery=discovery,
        agreed=(*state.search.agreed_before, *state.search.agreed),
        blocklists=second.address is not None and second.ask_blocklists,
        one_login_at_a_time=state.servers.login_refused,
    )


async def _store(state: WizardState, request: CheckRequest, assistant: Assistant) -> None:
    if request.sign_in is not None:
        if state.sign_in.keep:
            await assistant.sign_ins.store(request.sign_in)
    elif state.credentials.keep:
        address = request.account.address
        await asyncio.to_thread(assistant.vault.store, address, request.secret)
