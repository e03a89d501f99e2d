"""Broken transfers (RFC 5936, RFC 8945 section 5.3.1): one row a fault. Nothing of such a transfer is used, no UPDATE
is planned on it, and it ends in time, with the exit status and the words of its row."""

import dataclasses
import functools
import itertools
import random
import struct
import time
import typing

import pytest

from support.bind import Bind
from support.certificates import Certificate
from support.middleman import QUERY, TLSA, Close, Middleman, Octets, Pause, framed, stopwatch
from support.transfers import (
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
from support.tsig import Seal, in_wire

LONGEST = 8  # seconds


written = lambda make: lambda request: transfer(request, make())
whole = lambda: envelopes()


def with_one(number, **changes):
    """The whole transfer, but for this message."""
    made = envelopes()
    made[number] = made[number].but(**changes)
    return made


def sparse(length):
    """`length` unsigned messages in a row, between two that are signed."""
    records = itertools.islice(itertools.cycle(ZONE_RECORDS), length)
    return envelopes([[soa()], *([one] for one in records), [soa()]], between=length)


def endless(request):
    return transfer(
        request,
        itertools.chain([Envelope([soa()])], itertools.repeat(Envelope([ZONE_RECORDS[0]], signed=False))),
    )


def broken_off(request, *acts):
    return [*list(transfer(request, whole()))[:3], *acts]


def rearranged(order):
    def fault(request):
        messages = list(transfer(request, whole()))
        return [messages[number] for number in order]

    return fault


def of_bad_records(*octets):
    return written(lambda: envelopes([[soa()], list(octets), [soa()]]))


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    fault: typing.Callable
    status: int
    text: str = ""


WHOLE_ROWS = [
    Row("every message signed", written(whole), 0),
    Row("the first and the last signed", written(lambda: envelopes(between=10)), 0),
    Row("99 unsigned in a row", written(lambda: sparse(99)), 0),
    Row("all in one message", written(lambda: envelopes([[soa(), *ZONE_RECORDS, soa()]])), 0),
    Row(
        "duplicates, and no question after the first message",
        written(
            lambda: [
                Envelope([soa()]),
                *(Envelope([one] * 3, header={"question": False}) for one in ZONE_RECORDS),
                Envelope([soa()], header={"question": False}),
            ]
        ),
        0,
    ),
    Row(
        "messages of 64 KiB",
        written(
            lambda: envelopes(
                [
                    [soa()],
                    ZONE_RECORDS,
                    *[[record(in_wire("big.example.test"), 16, b"\xff" * 65000)]] * 20,
                    [soa()],
                ]
            )
        ),
        0,
    ),
    Row(
        "an octet at a time",
        lambda request: [
            Octets(bytes([octet])) for message in transfer(request, whole()) for octet in framed(message)
        ],
        0,
    ),
    Row(
        "records of another zone",
        written(
            lambda: envelopes(
                [
                    [soa()],
                    [record(in_wire("_25._tcp.mail.elsewhere.test"), TLSA, b"\3\1\1" + b"\xee" * 32)],
                    ZONE_RECORDS,
                    [soa()],
                ]
            )
        ),
        0,
    ),
]
BROKEN_ROWS = [
    Row(
        "bad MAC in the first message",
        written(lambda: with_one(0, seal=Seal(secret="YmFk"))),
        76,
        "does not verify",
    ),
    Row(
        "bad MAC in the middle", written(lambda: with_one(2, seal=Seal(secret="YmFk"))), 76, "does not verify"
    ),
    Row(
        "bad MAC in the last message",
        written(lambda: with_one(-1, seal=Seal(secret="YmFk"))),
        76,
        "does not verify",
    ),
    Row(
        "a MAC of another message",
        written(lambda: with_one(2, seal=Seal(prior=b"\0" * 32))),
        76,
        "does not verify",
    ),
    Row("a short MAC in the middle", written(lambda: with_one(2, seal=Seal(mac=16))), 76, "does not verify"),
    Row(
        "another key in the middle", written(lambda: with_one(2, seal=Seal(name="other"))), 76, "another key"
    ),
    Row("first message unsigned", written(lambda: with_one(0, signed=False)), 76, "the answer is not"),
    Row(
        "no message signed",
        written(lambda: [one.but(signed=False) for one in whole()]),
        76,
        "the answer is not",
    ),
    Row(
        "last message unsigned",
        written(lambda: with_one(-1, signed=False)),
        76,
        "last message of the transfer",
    ),
    Row("100 unsigned in a row", written(lambda: sparse(100)), 76, "message 101"),
    Row(
        "signed an hour ago",
        written(lambda: with_one(2, seal=Seal(time=int(time.time()) - 3600))),
        76,
        "another time",
    ),
    Row(
        "the clock goes back",
        written(lambda: with_one(3, seal=Seal(time=int(time.time()) - 60))),
        76,
        "another time",
    ),
    Row(
        "a signed BADTIME",
        written(lambda: with_one(0, header={"rcode": 9}, seal=Seal(error=18))),
        77,
        "BADTIME",
    ),
    Row(
        "a BADKEY",
        written(lambda: with_one(0, header={"rcode": 9}, seal=Seal(error=17, mac=0))),
        77,
        "BADKEY",
    ),
    Row("a message dropped", rearranged([0, 1, 3, 4, 5]), 76, "does not verify"),
    Row("a message twice", rearranged([0, 1, 1, 2, 3, 4, 5]), 76, "does not verify"),
    Row("two messages changed round", rearranged([0, 2, 1, 3, 4, 5]), 76, "does not verify"),
    Row(
        "a record changed on the way",
        written(lambda: with_one(2, rewrite=lambda wire: wire.replace(b"\xf0", b"\xf1"))),
        76,
        "does not verify",
    ),
    Row(
        "a record changed in an unsigned message",
        written(
            lambda: [
                *sparse(3)[:2],
                sparse(3)[2].but(rewrite=lambda wire: wire.replace(b"\xf0", b"\xf1")),
                *sparse(3)[3:],
            ]
        ),
        76,
        "does not verify",
    ),
    Row("no opening SOA", written(lambda: envelopes(WHOLE[1:])), 76, "does not begin with the zone's SOA"),
    Row(
        "an opening SOA of another zone",
        written(lambda: with_one(0, records=[soa(apex=in_wire("test"))])),
        76,
        "does not begin with the zone's SOA",
    ),
    Row(
        "a first message without records",
        written(lambda: [Envelope([]), *whole()]),
        76,
        "begins with no record",
    ),
    Row(
        "no closing SOA, closed",
        lambda request: [*transfer(request, envelopes(WHOLE[:-1])), Close()],
        76,
        "broke off",
    ),
    Row(
        "no closing SOA, silence",
        lambda request: transfer(request, envelopes(WHOLE[:-1])),
        69,
        "no answer in 1 s",
    ),
    Row("another serial at the end", written(lambda: with_one(-1, records=[soa(8)])), 76, "closing SOA"),
    Row(
        "a record behind the closing SOA",
        written(lambda: with_one(-1, records=[soa(), ZONE_RECORDS[0]])),
        76,
        "behind the closing SOA",
    ),
    Row(
        "wrong ID in the first message",
        written(lambda: with_one(0, header={"identity": b"\0\0"})),
        76,
        "another request",
    ),
    Row(
        "wrong ID in the middle",
        written(lambda: with_one(2, header={"identity": b"\0\0"})),
        76,
        "another request",
    ),
    Row("QR=0", written(lambda: with_one(2, header={"qr": 0})), 76, "a request where an answer was due"),
    Row("another opcode", written(lambda: with_one(2, header={"opcode": 5})), 76, "another opcode"),
    *(
        Row(
            f"signed RCODE {rcode} {where}",
            written(functools.partial(with_one, number, header={"rcode": rcode})),
            status,
        )
        for rcode, status in [(1, 76), (2, 69), (4, 77), (5, 77), (9, 77)]
        for where, number in [("at once", 0), ("midway", 2)]
    ),
    *(
        Row(f"unsigned RCODE {rcode} at once", lambda request, rcode=rcode: [request.answer(rcode)], status)
        for rcode, status in [(0, 76), (1, 76), (2, 69), (3, 76), (4, 77), (5, 77), (9, 77)]
    ),
    Row("closed before the first message", lambda request: [Close()], 69, "closed the connection"),
    Row("silence", lambda request: [], 69, "no answer in 1 s"),
    Row("closed midway", lambda request: broken_off(request, Close()), 76, "broke off"),
    Row(
        "reset midway", lambda request: broken_off(request, Pause(0.3), Close(abruptly=True)), 76, "broke off"
    ),
    Row(
        "closed within a message",
        lambda request: broken_off(request, Octets(b"\0\x50" + request.id), Close()),
        76,
        "broke off",
    ),
    Row(
        "silence within a message",
        lambda request: broken_off(request, Octets(b"\0\x50" + request.id)),
        69,
        "broke off",
    ),
    Row(
        "an octet a second within a message",
        lambda request: broken_off(
            request, Octets(b"\0\x50" + request.id), *[Pause(0.4), Octets(b"\0")] * 60
        ),
        69,
        "broke off",
    ),
    Row("a message of no octets", lambda request: broken_off(request, b""), 76, "message 4"),
    Row(
        "a message of 11 octets", lambda request: broken_off(request, request.id + b"\0" * 9), 76, "message 4"
    ),
    Row(
        "65,535 octets of noise",
        lambda request: broken_off(request, request.id + random.randbytes(65533)),
        76,
    ),
    Row("ANCOUNT of one more than there are", written(lambda: with_one(2, count=1)), 76),
    Row("ANCOUNT of 65,535", written(lambda: with_one(2, count=65534)), 76),
    Row(
        "RDLENGTH beyond the message",
        of_bad_records(in_wire(ZONE) + struct.pack("!HHIH", 16, 1, 60, 4000)),
        76,
    ),
    Row("a name that points to itself", of_bad_records(b"\xc0\x1e" + record(b"", 16, b"\1x")), 76),
    Row("a name that points forwards", of_bad_records(b"\xc0\x2a" + record(b"", 16, b"\1x")), 76),
    Row(
        "a name of 300 octets",
        of_bad_records((b"\x3b" + b"a" * 59) * 5 + b"\0" + record(b"", 16, b"\1x")),
        76,
    ),
    Row(
        "a TLSA record of two octets",
        of_bad_records(record(in_wire("_25._tcp.x.example.test"), TLSA, b"\3\1")),
        76,
    ),
    Row(
        "a record of class CH",
        of_bad_records(record(in_wire("x.example.test"), 16, b"\1x", rrclass=3)),
        76,
        "class",
    ),
    Row("endless, unsigned", endless, 76, "message 101"),
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The zone as its primary has it; what is transferred is written down here."""
    folder = tmp_path_factory.mktemp("transfers")
    server = Bind(folder / "bind")
    zone = server.zone(ZONE, *(f"host{number} A 192.0.2.25" for number in range(4)), signing=None)
    zone.own = Certificate(folder, "ns.example.test")
    zone.mail = Certificate(folder)
    yield zone
    server.stop()


@pytest.mark.parametrize("row", WHOLE_ROWS, ids=lambda row: row.name)
def test_a_whole_transfer_is_read(stage, tlsa_update, row):
    with Middleman(stage, row.fault, stops=is_transfer) as middleman:
        run = tlsa_update("list", ZONE, server=middleman.at, key_file=stage.key.path, timeout=1)

    said = [line.split(";")[0].split() for line in run.out.splitlines() if " TLSA " in line]
    assert sorted(line[0] for line in said) == [f"_25._tcp.host{number}.{ZONE}." for number in range(4)]


@pytest.mark.parametrize("row", BROKEN_ROWS, ids=lambda row: row.name)
def test_nothing_of_a_broken_transfer_is_used(stage, tlsa_update, row):
    options = {"key_file": stage.key.path, "timeout": 1, "retries": 0, "exits": row.status}
    clock = stopwatch()
    with Middleman(stage, row.fault, stops=is_transfer) as middleman:
        run = tlsa_update("list", ZONE, server=middleman.at, **options)
        assert run.out == "" and row.text in run.err, str(run)
        assert middleman.stopped == 1

    updates = []
    with Middleman(
        stage,
        lambda request: row.fault(request) if is_transfer(request) else updates.append(request) or [],
        "tls",
        stage.own,
        stops=lambda request: is_transfer(request) or request.opcode != QUERY,
    ) as middleman:
        secure = {"transport": "tls", "tls_ca": stage.own, "tls_hostname": "ns.example.test"}
        run = tlsa_update(
            "publish",
            f"host1.{ZONE}:25",
            server=middleman.at,
            cert=stage.mail,
            read="axfr",
            **secure,
            **options,
        )
        assert row.text in run.err, str(run)
    assert updates == []
    assert clock() < LONGEST
