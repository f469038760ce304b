"""The name server of the demo, over UDP and TCP."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], Sequence[str]]
"""(name without final dot, type) -> records in zone-file form."""

_TTL = 5


def answer(query: bytes, records: Records) -> bytes | None:
    """The reply to a query in wire format; None for anything but a query."""
    try:
        message = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return None
    if not message.question:
        return None
    question = message.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    reply = dns.message.make_response(message)
    reply.flags |= dns.flags.RA | dns.flags.AA
    found = records.get((name, dns.rdatatype.to_text(question.rdtype)))
    if found:
        reply.answer.append(
            dns.rrset.from_text_list(
                question.name, _TTL, dns.rdataclass.IN, question.rdtype, list(found)
            )
        )
    elif not any(known == name or known.endswith("." + name) for known, _type in records):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


class NameServer(asyncio.DatagramProtocol):
    """The UDP protocol; `serve_tcp` serves TCP connections."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport for replies."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Reply to a query."""
        reply = answer(data, self._records)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reply to the queries of a connection in order (RFC 7766)."""
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = answer(await reader.readexactly(size), self._records)
                if reply is None:
                    break
                writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client closed the connection
        finally:
            writer.close()
