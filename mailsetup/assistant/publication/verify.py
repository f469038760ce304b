"""Whether a domain serves the settings that it should, requested as mail programs do it.

The comparison is about what a program would understand, not about bytes: a provider may write its
documents differently.
"""

import asyncio

from mailsetup.assistant.publication.files import FileComparison
from mailsetup.assistant.publication.records import RecordComparison
from mailsetup.assistant.publication.result import PublicationRow
from mailsetup.export.publish import layout
from mailsetup.export.publish.publication import Publication
from mailsetup.export.publish.zone import SrvData, TxtData
from mailsetup.net.network import Network


async def verify_publication(expected: Publication, net: Network) -> tuple[PublicationRow, ...]:
    """Fetch every part and compare it. One row for each, in the order of the files and records.

    Not checked: the CORS header, and whether the names of the web server are aliases.
    """
    files, records = FileComparison(expected, net), RecordComparison(expected, net)
    places = [place for place in layout.PLACES if expected.content(place.file) is not None]
    services = [record for record in expected.records if isinstance(record, SrvData)]
    owners = dict.fromkeys(record.owner for record in services)
    texts = [record for record in expected.records if isinstance(record, TxtData)]
    return tuple(
        await asyncio.gather(
            *(files.compare(place) for place in places),
            *(records.compare_srv(owner) for owner in owners),
            *(records.compare_txt(record) for record in texts),
        )
    )
