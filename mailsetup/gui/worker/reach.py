"""Whether a server answers, in the worker thread."""

from dataclasses import dataclass

from mailsetup.assistant.run_options import NotAsked
from mailsetup.assistant.technician_options import TechnicianOptionFailure
from mailsetup.assistant.wizard_state import TechnicianChoice
from mailsetup.diagnosis.catalogue import explain
from mailsetup.gui.worker.assistant_holder import AssistantHolder
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Finding, Status
from mailsetup.model.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Reachability:
    """``status`` is ok, warn, or unknown where the server was not asked."""

    status: Status
    sentence: str


async def reach(
    holder: AssistantHolder,
    technician: TechnicianChoice,
    server: ServerSettings,
    address: EmailAddress,
) -> Reachability:
    """Connect to a server without logging in."""
    assistant = holder.configured(technician.options)
    if isinstance(assistant, TechnicianOptionFailure):
        return Reachability(Status.WARN, assistant.sentence)
    match await assistant.reach(server, address):
        case Finding() as finding:
            return Reachability(Status.WARN, explain(finding).title)
        case NotAsked():
            return Reachability(Status.UNKNOWN, _("Not tried: nobody is to be asked."))
        case None:
            return Reachability(Status.OK, _("{host} answers.").format(host=server.host))
