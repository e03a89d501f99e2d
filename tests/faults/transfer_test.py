"""Broken transfers (RFC 5936, RFC 8945 section 5.3.1): one row a fault. Nothing of such a transfer is used, no
UPDATE is planned on it, and it ends in time, with the exit status and the words of its row."""

import itertools
import random
import struct
import typing

import pytest

from support.at_once import AtOnce
from support.bind import Bind
from support.certificates import Certificate
from support.middleman import QUERY, TLSA, Close, Middleman, Octets, Pause, framed, stopwatch
from support.program import Program
from support.transfers import (
    TLSA_DATA,
    WHOLE,
    ZONE,
    ZONE_RECORDS,
    Envelope,
    envelopes,
    is_transfer,
    record,
    soa,
    transfer,
)
from support.tsig import BADKEY, BADTIME, Seal, in_wire

LONGEST = 8  # seconds
HURRIED = {"timeout": 1, "retries": 0, "exits": None}


# Faults: the messages that a request for the transfer is answered with.


def written(made):
    """As they stand there."""
    return lambda request: transfer(request, made)


def but(number, **changes):
    """The whole transfer, but for this message."""
    made = envelopes()
    made[number] = made[number].but(**changes)
    return written(made)


def wrongly_signed(number, **wrong):
    return but(number, seal=Seal(**wrong))


def with_header(number, **wrong):
    return but(number, header=wrong)


def rearranged(*order):
    """The whole transfer, its messages in this order."""

    def fault(request):
        messages = list(transfer(request, envelopes()))
        return [messages[number] for number in order]

    return fault


def broken_off(make):
    """Three messages, and then something else."""
    return lambda request: [*list(transfer(request, envelopes()))[:3], *make(request)]


def sparse(length):
    """`length` unsigned messages in a row, between two that are signed."""
    records = itertools.islice(itertools.cycle(ZONE_RECORDS), length)
    return envelopes([[soa()], *([one] for one in records), [soa()]], between=length)


def with_records(*octets):
    return written(envelopes([[soa()], list(octets), [soa()]]))


def endless(request):
    unsigned = itertools.repeat(Envelope([ZONE_RECORDS[0]], signed=False))
    return transfer(request, itertools.chain([Envelope([soa()])], unsigned))


def an_octet_at_a_time(request):
    octets = b"".join(map(framed, transfer(request, envelopes())))
    return [Octets(bytes([octet])) for octet in octets]


def with_another_record(wire):
    """The data of the TLSA record changed, and no other octet: one of the ID or of the MAC may be 0xF0 too."""
    assert wire.count(TLSA_DATA) == 1
    return wire.replace(TLSA_DATA, b"\xf1" * len(TLSA_DATA))


def half_a_message(request):
    return Octets(b"\0\x50" + request.id)


def in_pieces(request):
    return [half_a_message(request), *[Pause(0.4), Octets(b"\0")] * 60]


UNQUESTIONED = [Envelope([one] * 3, header={"question": False}) for one in [*ZONE_RECORDS]]
BIG = record(in_wire("big.example.test"), 16, b"\xff" * 65000)
ELSEWHERE = record(in_wire("_25._tcp.mail.elsewhere.test"), TLSA, b"\3\1\1" + b"\xee" * 32)
CHANGED_UNSIGNED = sparse(3)
CHANGED_UNSIGNED[2].rewrite = with_another_record


class Row(typing.NamedTuple):
    name: str
    fault: typing.Callable
    status: int = 0
    text: str = ""


WHOLE_ROWS = [
    Row("every message signed", written(envelopes())),
    Row("the first and the last signed", written(envelopes(between=10))),
    Row("99 unsigned in a row", written(sparse(99))),
    Row("all in one message", written(envelopes([[soa(), *ZONE_RECORDS, soa()]]))),
    Row("duplicates, and no question", written([*envelopes()[:1], *UNQUESTIONED, *envelopes()[-1:]])),
    Row("messages of 64 KiB", written(envelopes([[soa()], ZONE_RECORDS, *[[BIG]] * 20, [soa()]]))),
    Row("an octet at a time", an_octet_at_a_time),
    Row(
        "records of another zone",
        written(envelopes([[soa()], [ELSEWHERE] * 2, ZONE_RECORDS, [soa()]])),
        text="AXFR of example.test.: 2 records of other zones were ignored",
    ),
    Row(
        "a closing SOA of another TTL",
        written(envelopes([[soa()], ZONE_RECORDS, [soa(ttl=60)]])),
        text="the closing SOA has another TTL than the opening one",
    ),
]
SIGNATURES = [
    Row("bad MAC in the first message", wrongly_signed(0, secret="YmFk"), 76, "does not verify"),
    Row("bad MAC in the middle", wrongly_signed(2, secret="YmFk"), 76, "does not verify"),
    Row("bad MAC in the last message", wrongly_signed(-1, secret="YmFk"), 76, "does not verify"),
    Row("a MAC behind another one", wrongly_signed(2, prior=b"\0" * 32), 76, "does not verify"),
    Row("a short MAC in the middle", wrongly_signed(2, mac=16), 76, "does not verify"),
    Row("another key in the middle", wrongly_signed(2, name="other"), 76, "another key"),
    Row("first message unsigned", but(0, signed=False), 76, "the answer is not"),
    Row(
        "no message signed", written([one.but(signed=False) for one in envelopes()]), 76, "the answer is not"
    ),
    Row("last message unsigned", but(-1, signed=False), 76, "last message of the transfer"),
    Row("100 unsigned in a row", written(sparse(100)), 76, "message 101"),
    Row("endless, unsigned", endless, 76, "message 101"),
    Row("signed an hour ago", wrongly_signed(2, skew=-3600), 76, "another time"),
    Row("the clock goes back", wrongly_signed(3, skew=-60), 76, "another time"),
    Row("a signed BADTIME", but(0, header={"rcode": 9}, seal=Seal(error=BADTIME)), 77, "BADTIME"),
    Row("a BADKEY", but(0, header={"rcode": 9}, seal=Seal(error=BADKEY, mac=0)), 77, "BADKEY"),
    Row("a message dropped", rearranged(0, 1, 3, 4, 5), 76, "does not verify"),
    Row("a message twice", rearranged(0, 1, 1, 2, 3, 4, 5), 76, "does not verify"),
    Row("two messages changed round", rearranged(0, 2, 1, 3, 4, 5), 76, "does not verify"),
    Row("a record changed", but(2, rewrite=with_another_record), 76, "does not verify"),
    Row("a record of an unsigned message changed", written(CHANGED_UNSIGNED), 76, "does not verify"),
]
ENVELOPES = [
    Row("no opening SOA", written(envelopes(WHOLE[1:])), 76, "does not begin with the zone's SOA"),
    Row(
        "another zone's SOA",
        but(0, records=[soa(apex=in_wire("test"))]),
        76,
        "does not begin with the zone's",
    ),
    Row("no record at first", written([Envelope([]), *envelopes()]), 76, "begins with no record"),
    Row("another serial at the end", but(-1, records=[soa(8)]), 76, "closing SOA"),
    Row("a record behind the end", but(-1, records=[soa(), ZONE_RECORDS[0]]), 76, "behind the closing SOA"),
    Row("wrong ID in the first message", with_header(0, own_id=False), 76, "another request"),
    Row("wrong ID in the middle", with_header(2, own_id=False), 76, "another request"),
    Row("QR=0", with_header(2, qr=0), 76, "a request where an answer was due"),
    Row("another opcode", with_header(2, opcode=5), 76, "another opcode"),
    *(
        Row(f"signed RCODE {rcode} {where}", with_header(number, rcode=rcode), status)
        for rcode, status in [(1, 76), (2, 69), (4, 77), (5, 77), (9, 77)]
        for where, number in [("at once", 0), ("midway", 2)]
    ),
    *(
        Row(f"unsigned RCODE {rcode}", lambda request, rcode=rcode: [request.answer(rcode)], status)
        for rcode, status in [(0, 76), (1, 76), (2, 69), (3, 76), (4, 77), (5, 77), (9, 77)]
    ),
]
CONNECTIONS = [
    Row("closed before the first message", lambda request: [Close()], 69, "closed the connection"),
    Row("closed midway", broken_off(lambda request: [Close()]), 76, "broke off"),
    Row(
        "closed before the closing SOA",
        lambda request: [*transfer(request, envelopes(WHOLE[:-1])), Close()],
        76,
        "broke off",
    ),
    Row(
        "closed within a message",
        broken_off(lambda request: [half_a_message(request), Close()]),
        76,
        "broke off",
    ),
    Row("reset midway", broken_off(lambda request: [Pause(0.3), Close(abruptly=True)]), 76, "broke off"),
    Row("silence", lambda request: [], 69, "no answer in 1 s"),
    Row("silence before the closing SOA", written(envelopes(WHOLE[:-1])), 69, "no answer in 1 s"),
    Row("silence within a message", broken_off(lambda request: [half_a_message(request)]), 69, "broke off"),
    Row("an octet now and then", broken_off(in_pieces), 69, "broke off"),
]
OCTETS = [
    Row("a message of no octets", broken_off(lambda request: [b""]), 76, "message 4"),
    Row("a message of 11 octets", broken_off(lambda request: [request.id + b"\0" * 9]), 76, "message 4"),
    Row("65,535 octets of noise", broken_off(lambda request: [request.id + random.randbytes(65533)]), 76),
    Row("ANCOUNT of one more than there are", but(2, count=1), 76),
    Row("ANCOUNT of 65,535", but(2, count=65534), 76),
    Row(
        "RDLENGTH beyond the message", with_records(in_wire(ZONE) + struct.pack("!HHIH", 16, 1, 60, 4000)), 76
    ),
    Row("a name that points to itself", with_records(b"\xc0\x1e" + record(b"", 16, b"\1x")), 76),
    Row("a name that points forwards", with_records(b"\xc0\x2a" + record(b"", 16, b"\1x")), 76),
    Row("a name of 300 octets", with_records((b"\x3b" + b"a" * 59) * 5 + record(b"\0", 16, b"\1x")), 76),
    Row("a TLSA record of two octets", with_records(record(in_wire("x.example.test"), TLSA, b"\3\1")), 76),
    Row("a record of class CH", with_records(record(in_wire("x.example.test"), 16, b"\1x", rrclass=3)), 76),
]
BROKEN = {row.name: row for row in [*SIGNATURES, *ENVELOPES, *CONNECTIONS, *OCTETS]}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The zone as its primary has it; what is transferred is written down here."""
    folder = tmp_path_factory.mktemp("transfers")
    server = Bind(folder / "bind")
    zone = server.zone(ZONE, *(f"host{number} A 127.0.2.25" for number in range(4)), signing=None)
    zone.own = Certificate(folder, "ns.example.test")
    zone.mail = Certificate(folder)
    yield zone
    server.stop()


@pytest.mark.parametrize("row", WHOLE_ROWS, ids=lambda row: row.name)
def test_a_whole_transfer_is_read(stage, tlsa_update, row):
    with Middleman(stage, row.fault, stops=is_transfer) as middleman:
        run = tlsa_update("list", ZONE, server=middleman.at, key_file=stage.key.path, timeout=1)

    assert row.text in run.err and (row.text or "AXFR" not in run.err), str(run)
    said = [line.split(";")[0].split() for line in run.out.splitlines() if " TLSA " in line]
    assert sorted(line[0] for line in said) == [f"_25._tcp.host{number}.{ZONE}." for number in range(4)]


def test_an_rrset_of_two_ttls_is_told_by_list_as_by_status(stage, tlsa_update):  # RFC 2181 section 5.2
    second = record(in_wire(f"_25._tcp.host0.{ZONE}"), TLSA, b"\3\1\1" + b"\xf1" * 32, ttl=60)
    fault = written(envelopes([[soa()], ZONE_RECORDS, [second], [soa()]]))
    with Middleman(stage, fault, stops=is_transfer) as middleman:
        reach = {"server": middleman.at, "key_file": stage.key.path, **HURRIED}
        by_list = tlsa_update("list", ZONE, **reach)
        by_status = tlsa_update("status", f"host0.{ZONE}:25", read="axfr", nameserver=stage.server.at, **reach)

    told = f"the server gave mixed TTLs for _25._tcp.host0.{ZONE}. (RFC 2181 section 5.2)"
    assert by_list.err.count(told) == by_status.err.count(told) == 1, f"{by_list}{by_status}"


def listed(stage, row, program):
    """`list` over TCP."""
    with Middleman(stage, row.fault, stops=is_transfer) as middleman:
        return program("list", ZONE, server=middleman.at, **HURRIED, key_file=stage.key.path)


def published(stage, row, program):
    """`publish`, which reads by AXFR, over TLS; and how many UPDATEs it sent."""
    updates = []
    with Middleman(
        stage,
        lambda request: row.fault(request) if is_transfer(request) else updates.append(request) or [],
        "tls",
        stage.own,
        stops=lambda request: is_transfer(request) or request.opcode != QUERY,
    ) as middleman:
        secure = {"transport": "tls", "tls_ca": stage.own, "tls_hostname": "ns.example.test"}
        options = {"server": middleman.at, "key_file": stage.key.path, "cert": stage.mail, "read": "axfr"}
        return program("publish", f"host1.{ZONE}:25", **options, **secure, **HURRIED), len(updates)


@pytest.fixture(scope="module")
def plays(stage, request, tmp_path_factory):
    def play(case):
        row, program = BROKEN[case], Program(tmp_path_factory.mktemp("program"))
        clock = stopwatch()
        return listed(stage, row, program), *published(stage, row, program), clock()

    with AtOnce(request, play) as plays:
        yield plays


@pytest.mark.parametrize("case", BROKEN)
def test_nothing_of_a_broken_transfer_is_used(plays, case):
    row = BROKEN[case]

    by_list, by_publish, updates, seconds = plays[case]

    assert [by_list.status, by_publish.status] == [row.status] * 2, f"{by_list}{by_publish}"
    assert row.text in by_list.err and row.text in by_publish.err, f"{by_list}{by_publish}"
    assert by_list.out == "" and updates == 0, f"{by_list}{by_publish}"
    assert seconds < LONGEST
