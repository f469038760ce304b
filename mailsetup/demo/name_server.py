"""The demo world's name server: a handful of records over UDP and TCP."""

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
    """The reply to one question in wire form; None for what is no question."""
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
    """UDP; `serve_tcp` is its twin for TCP."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer at once."""
        reply = answer(data, self._records)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)

    async def serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question after another on a connection (RFC 7766)."""
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = answer(await reader.readexactly(size), self._records)
                if reply is None:
                    break
                writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the asker has what it wanted
        finally:
            writer.close()
