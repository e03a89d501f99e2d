"""Zone transfers (RFC 5936) written down record by record, signed message by message (RFC 8945 section
5.3.1), with what is to be wrong about each."""

import dataclasses
import struct
import typing

from support import tsig
from support.middleman import AXFR, QUERY, SOA, TLSA
from support.tsig import Seal, in_wire

ZONE = "example.test"
APEX = in_wire(ZONE)


def record(owner, rrtype, rdata, rrclass=1, ttl=3600):
    return owner + struct.pack("!HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata


def soa(serial=7, apex=APEX, ttl=3600):
    rdata = in_wire("ns.example.test") + b"\0" + struct.pack("!5I", serial, 7200, 3600, 604800, 300)
    return record(apex, SOA, rdata, ttl=ttl)


TLSA_DATA = b"\xf0" * 32


def tlsa(number):
    return record(in_wire(f"_25._tcp.host{number}.{ZONE}"), TLSA, b"\3\1\1" + TLSA_DATA)


ZONE_RECORDS = [tlsa(number) for number in range(4)]
WHOLE = [[soa()], *([one] for one in ZONE_RECORDS), [soa()]]


@dataclasses.dataclass
class Envelope:
    """A message of a transfer before it is signed, and what is to be wrong with it."""

    records: list
    signed: bool = True
    seal: Seal = dataclasses.field(default_factory=Seal)
    header: dict = dataclasses.field(default_factory=dict)  # of Request.answer
    count: int = 0  # that much too many in ANCOUNT
    rewrite: typing.Callable = lambda wire: wire  # after signing

    def but(self, **changes):
        return dataclasses.replace(self, **changes)


def envelopes(groups=WHOLE, between=0):
    """One message a group; `between`: after each signed message so many that are not, but for the last."""
    made = [Envelope(group, signed=number % (between + 1) == 0) for number, group in enumerate(groups)]
    return [*made[:-1], made[-1].but(signed=True)]


def transfer(request, made):
    """The messages, each signed behind the ones before (RFC 8945 section 5.3.1)."""
    prior, between = tsig.mac_of(request.wire), None
    for envelope in made:
        answers = len(envelope.records) + envelope.count
        wire = request.answer(**{"answers": answers, "body": b"".join(envelope.records), **envelope.header})
        if envelope.signed:
            signed, prior = tsig.sign(wire, request.key, prior, envelope.seal, between)
            between = b""
            wire = signed
        else:
            between = (between or b"") + wire
        yield envelope.rewrite(wire)


def is_transfer(request):
    """For Middleman: what it is to stop."""
    return request.opcode == QUERY and request.type == AXFR


def messages_of(request):
    """All that the server has to say, up to the closing SOA."""
    heard = []
    for message in request.pass_on_and_hear():
        heard.append(message)
        answers = [record.type for record in tsig.records(message) if record.section == 0]
        if answers[-1] == SOA and (len(heard) > 1 or len(answers) > 1):
            return heard
