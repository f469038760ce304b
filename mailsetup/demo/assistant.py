"""The assistant of the demo."""

from mailsetup.apply.thunderbird.accounts import accounts_here
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.vault import Vault


def demo_assistant(mail_system: DemoMailSystem) -> Assistant:
    """An assistant on the servers of the demo, without the person's keyring and accounts."""
    computer = mail_system.computer
    return Assistant(
        RunOptions(network=mail_system.options),
        vault=Vault(lambda: None),
        programs_here=lambda: accounts_here(computer),
    )
