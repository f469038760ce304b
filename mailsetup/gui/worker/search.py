"""The search for servers, in the worker thread."""

from dataclasses import replace

from mailsetup.assistant.events import Emit
from mailsetup.assistant.settings_file import (
    SettingsFileFailure,
    open_settings_file,
    read_settings_file,
)
from mailsetup.assistant.technician_options import TechnicianOptionFailure
from mailsetup.assistant.wizard_state import Search, SearchOutcome, WizardState
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding


async def search(holder: AssistantHolder, state: WizardState, emit: Emit) -> Search:
    """The state's `Search` with its result."""
    before, address = state.search, state.owner.address
    if address is None:
        return before
    found = await _find(holder, state, address, emit)
    if isinstance(found, str):
        return replace(before, outcome=SearchOutcome.FAILED, problem=found)
    discovery, absence = found
    is_found = discovery.settings is not None or bool(discovery.confirm)
    return replace(
        before,
        outcome=SearchOutcome.FOUND if is_found else SearchOutcome.NOT_FOUND,
        problem="",
        discovery=discovery,
        absence=absence,
    )


async def _find(
    holder: AssistantHolder, state: WizardState, address: EmailAddress, emit: Emit
) -> tuple[Discovery, tuple[Finding, ...]] | str:
    """The discovery and why nothing was found; or why the search could not begin, as a sentence."""
    file = state.technician.settings_file
    if file is not None:
        read = (
            open_settings_file(file, address, state.search.agreed_before)
            if state.technician.was_opened
            else read_settings_file(file, address)
        )
        return read.sentence if isinstance(read, SettingsFileFailure) else (read, ())
    assistant = holder.configured(state.technician.options)
    if isinstance(assistant, TechnicianOptionFailure):
        return assistant.sentence
    found = await assistant.discover(address, emit, agreed=state.search.agreed_before)
    if found.settings is not None or found.confirm:
        return found, ()
    return found, (await assistant.explain_absence(address, found)).findings
