"""Running one source of settings in a scripted network."""

from mailsetup.discovery.source import DiscoverySource
from mailsetup.model.settings import SocketType
from mailsetup.model.source_result import Found, SourceResult
from tests.support.network.scripted_network import ScriptedNetwork, address, run


def result_of(
    source: DiscoverySource, network: ScriptedNetwork, text: str = "ana@bodega.es"
) -> SourceResult:
    """What the source returns for an address."""
    return run(source.discover(address(text), network.network()))


def found_by(
    source: DiscoverySource, network: ScriptedNetwork, text: str = "ana@bodega.es"
) -> Found:
    """The settings that the source must find."""
    result = result_of(source, network, text)
    assert isinstance(result, Found), result
    return result


def hosts(found: Found) -> list[tuple[str, int, SocketType]]:
    """Host, port and security of each server."""
    return [(one.host, one.port, one.security) for one in found.settings.servers]
