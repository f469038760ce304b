"""Starting the demo's mail system, in the worker thread."""

import asyncio
from dataclasses import dataclass

from mailsetup.demo.mail_system import DemoMailSystem, missing_parts


@dataclass(frozen=True, slots=True)
class MissingParts:
    """Libraries of the ``demo`` extra that are not installed."""

    names: tuple[str, ...]


async def start_demo() -> DemoMailSystem | MissingParts:
    """The running mail system."""
    missing = missing_parts()
    if missing:
        return MissingParts(tuple(missing))
    mail_system = DemoMailSystem()
    await asyncio.to_thread(mail_system.start)
    return mail_system
