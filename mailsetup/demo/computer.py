"""The demo's computer: the programs of the real one, with a temporary home for what they keep.

Whoever sets up a mail program in the demo writes there. The keyring is left out, and so are the
accounts that the person really has.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.apply.installation import Computer

if TYPE_CHECKING:
    from mailsetup.assistant.service import Assistant
    from mailsetup.demo.mail_system import DemoMailSystem


def demo_computer(folder: Path) -> Computer:
    """A computer whose home is a new folder in ``folder``. Raises OSError."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    places = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CONFIG_HOME": home / ".config",
    }
    environ = {**os.environ, **{name: str(place) for name, place in places.items()}}
    return Computer(home=home, environ=environ, temporary=True)


def demo_assistant(world: "DemoMailSystem") -> "Assistant":
    """The engine on the demo's servers, which keeps nothing and reads nothing of the person's."""
    from mailsetup.apply.thunderbird.accounts import accounts_here
    from mailsetup.assistant.run_options import RunOptions
    from mailsetup.assistant.service import Assistant
    from mailsetup.vault import Vault

    computer = world.computer
    return Assistant(
        RunOptions(network=world.options),
        vault=Vault(lambda: None),
        programs_here=lambda: accounts_here(computer),
    )
