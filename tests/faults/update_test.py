"""What may come back for an UPDATE, forged, broken, late or not at all, between the program and a real primary:
one row a fault, each with the exit status and the words that it must end in, by every transport that it fits.

Whatever happens, it ends in time, 0 means that the record is there, and nothing else in the zone has changed."""

import dataclasses
import functools
import random
import re
import secrets
import struct
import time
import typing

import pytest

from support.at_once import AtOnce
from support.bind import Bind
from support.certificates import Certificate
from support.knot import Knot
from support.middleman import Close, FromElsewhere, Middleman, Octets, Pause, framed, stopwatch
from support.program import Program
from support.tsig import BADKEY, BADSIG, BADTIME, BADTRUNC

PRIMARY = {"tcp": Bind, "udp": Knot, "tls": Bind}
STREAMS = ("tcp", "tls")
EVERYWHERE = ("udp", *STREAMS)
FOREIGN = "3 1 1 " + "f0" * 32
LONGEST = 25  # seconds: a race is tried eight times, with growing pauses


@dataclasses.dataclass(frozen=True)
class Row:
    """One fault. `there`: is the record in the zone when all is over? `sent`: at most so many UPDATEs."""

    name: str
    fault: typing.Callable
    status: int
    text: str = ""
    there: bool = False
    transports: tuple = EVERYWHERE
    sent: int = 1


# --- Who answers without doing it

signed = lambda rcode=0, **more: lambda update: [update.signed(rcode, **more)]
unsigned = lambda rcode=0, **more: lambda update: [update.answer(rcode, **more)]
sealed = lambda rcode=0, **wrong: lambda update: [update.sign(update.answer(rcode), **wrong)]
reported = lambda error, rcode=9, **more: sealed(rcode, error=error, mac=0, **more)
now = lambda skew=0: int(time.time()) + skew
clock = lambda skew: struct.pack("!HI", 0, now(skew))

# --- Who does it and spoils the answer

spoilt = lambda spoil: lambda update: spoil(update, update.pass_on())
once = lambda fault: lambda update: [update.pass_on()] if update.number > 1 else fault(update)


def with_bit(message, octet, bit=0):
    return message[:octet] + bytes([message[octet] ^ 1 << bit]) + message[octet + 1 :]


def applied_twice(update):
    """The second time its own prerequisite fails: a duplicate is harmless (RFC 2136 section 5)."""
    update.pass_on()
    return [update.pass_on()]


UNSIGNED = {
    **dict.fromkeys([0, 1, 3, 6, 7, 8, *range(11, 16), 16, 17, 23, 4095], (76, "the request was signed")),
    **dict.fromkeys([4, 5, 9, 10], (77, "unauthenticated answer")),
    2: (69, "unauthenticated answer SERVFAIL"),
}
SIGNED = {
    **dict.fromkeys([1, 16], (76, "does not understand")),
    **dict.fromkeys([3, 6, 7, 8], (75, "others kept changing the RRset")),
    **dict.fromkeys([4, *range(11, 16), 17, 23, 4095], (77, "does not take updates of zone example.test.")),
    2: (69, "SERVFAIL"),
    5: (77, "may not change TLSA at _25._tcp."),
    9: (77, "is not the primary of zone example.test."),
    10: (77, "is not in zone example.test."),
}
REPORTED = {
    BADSIG: (77, "another one"),
    BADKEY: (77, "does not take key update-key. (hmac-sha256)"),
    BADTIME: (77, "the server's clock says 20"),
    BADTRUNC: (77, "wants a longer MAC"),
    **dict.fromkeys([1, 9, 19, 20, 21, 65535], (76, "TSIG error")),
}
SENT = {2: 2, 3: 8, 6: 8, 7: 8, 8: 8}
ROWS = [
    *(
        Row(f"unsigned RCODE {rcode}", unsigned(rcode), *ends, sent=SENT[2] if rcode == 2 else 1)
        for rcode, ends in UNSIGNED.items()
    ),
    *(
        Row(
            f"signed RCODE {rcode}, nothing done",
            signed(rcode),
            *ends,
            sent=SENT.get(rcode, 1),
            transports=("tcp",) if ends[0] == 75 else EVERYWHERE,
        )
        for rcode, ends in SIGNED.items()
    ),
    *(Row(f"TSIG error {error}", reported(error), *ends) for error, ends in REPORTED.items()),
    Row("signed NOERROR, nothing done", signed(), 76, "its answers have not changed"),
    Row("unsigned NOERROR, done", spoilt(lambda update, _: [update.answer()]), 76, "the answer is not", True),
    Row("SERVFAIL once", once(signed(2)), 0, "", True, sent=2),
    Row(
        "RCODE 9 with a signed BADTIME",
        lambda update: [update.sign(update.answer(9), error=BADTIME, other=clock(600))],
        77,
        "set the clocks right",
    ),
    Row("RCODE 9 with a signed BADTRUNC", sealed(9, error=BADTRUNC), 77, "wants a longer MAC"),
    Row("TSIG error in a NOERROR", reported(BADKEY, 0), 76, "does not verify"),
    Row("TSIG error of a secondary that forwards", reported(BADKEY, 2), 69, "--server", sent=2),
    Row("wrong key", sealed(name="other-key"), 76, "another key"),
    Row("wrong secret", sealed(secret="c2VjcmV0IG9mIHNvbWVib2R5IGVsc2Uh"), 76, "does not verify"),
    Row("MAC of no octets", sealed(mac=0), 76, "does not verify"),
    Row("MAC of 9 octets", sealed(mac=9), 76, "does not verify"),
    Row("MAC of 16 octets", sealed(mac=16), 76, "does not verify"),
    Row("MAC over another request", sealed(prior=secrets.token_bytes(32)), 76, "does not verify"),
    Row("MAC over no request", sealed(prior=b""), 76, "does not verify"),
    Row("TSIG of class IN", sealed(record_class=1), 76, "malformed"),
    Row(
        "signed 301 s ago", lambda update: [update.sign(update.answer(), time=now(-302))], 76, "another time"
    ),
    Row(
        "signed 301 s from now",
        lambda update: [update.sign(update.answer(), time=now(304))],
        76,
        "another time",
    ),
    Row("signed in 1970", sealed(time=1), 76, "another time"),
    Row("two TSIG records", lambda update: [update.sign(update.signed())], 76, "malformed"),
    Row("wrong ID", signed(identity=b"\0\0"), 69, "no answer in 1 s", sent=2),
    Row("QR=0", signed(qr=0), 76, "a request came where an answer was due"),
    Row("another opcode", signed(opcode=0), 76, "opcode 0, not 5"),
    Row("TC over TCP", signed(tc=1), 76, "truncated although it came over TCP", transports=STREAMS),
    Row("TC over UDP, done", spoilt(lambda update, _: [update.signed(tc=1)]), 0, "", True, ("udp",)),
    Row("a bare header, unsigned NOTIMP", unsigned(4, question=False), 77, "unauthenticated answer NOTIMP"),
    Row("a bare header, unsigned NOERROR", unsigned(question=False), 76, "the request was signed"),
    Row(
        "a bare header, signed NOERROR, done",
        spoilt(lambda update, _: [update.signed(question=False)]),
        0,
        "",
        True,
    ),
    Row("12 octets of a longer message", lambda update: [update.signed()[:12]], 76, "message"),
    Row(
        "the answer to another zone's UPDATE",
        lambda update: [
            update.sign(
                update.answer(question=False)[:4]
                + b"\0\1"
                + update.answer()[6:12]
                + b"\7another\4test\0\0\6\0\1"
            )
        ],
        76,
        "the answer is to another question",
    ),
    Row("the request itself", lambda update: [update.wire], 76, "a request came"),
    Row("noise behind the ID", lambda update: [update.id + random.randbytes(200)], 76),
    Row("silence once", once(lambda update: []), 0, "", True, sent=2),
    Row("silence", lambda update: [], 69, "no answer in 1 s", sent=2),
    Row("done, reply lost", spoilt(lambda *_: []), 0, "", True),
    Row("done twice, the second answer", applied_twice, 0, "", True),
    Row("the answer twice", spoilt(lambda _, answer: [answer, answer]), 0, "", True),
    Row("the answer after 0.5 s", spoilt(lambda _, answer: [Pause(0.5), answer]), 0, "", True),
    Row("the answer too late", spoilt(lambda _, answer: [Pause(1.5), answer]), 0, "", True),
    *(
        Row(
            f"a bit of {what} changed",
            spoilt(functools.partial(lambda at, _, answer: [with_bit(answer, at)], at)),
            status,
            text,
            True,
            sent=2,
        )
        for what, at, status, text in [
            ("the ID", 0, 0, ""),
            ("RCODE", 3, 76, ""),
            ("the MAC", -20, 76, "does not verify"),
            ("the TSIG's last octet", -1, 76, ""),
        ]
    ),
    Row("an octet missing", spoilt(lambda _, answer: [answer[:-1]]), 76, "", True),
    Row("an octet too many", spoilt(lambda _, answer: [answer + b"\0"]), 76, "", True),
    Row(
        "the right answer after a wrong one",
        spoilt(lambda update, answer: [update.answer(5), answer]),
        0,
        "",
        True,
        ("udp",),
    ),
    Row(
        "the right answer after fifty wrong ones",
        spoilt(lambda update, answer: [*(with_bit(answer, -20 - n % 8) for n in range(50)), answer]),
        0,
        "",
        True,
        ("udp",),
    ),
    Row(
        "the right answer after an unsigned success that was none",
        lambda update: [update.answer(), Pause(0.1), update.signed(5)],
        77,
        "may not change",
        transports=("udp",),
    ),
    Row(
        "a signed answer, but from another port",
        lambda update: [FromElsewhere(update.signed())],
        69,
        "no answer in 1 s",
        transports=("udp",),
        sent=2,
    ),
    Row(
        "half an answer, then silence",
        spoilt(lambda _, answer: [Octets(framed(answer)[:40])]),
        76,
        "only the beginning of one",
        True,
        STREAMS,
    ),
    Row(
        "half an answer, then the end",
        spoilt(lambda _, answer: [Octets(framed(answer)[:40]), Close()]),
        76,
        "within a message",
        True,
        STREAMS,
    ),
    Row(
        "closed before the answer, not done",
        lambda update: [Close()],
        69,
        "closed the connection",
        transports=STREAMS,
        sent=2,
    ),
    Row("closed before the answer, done", spoilt(lambda *_: [Close()]), 0, "", True, STREAMS),
    Row(
        "reset before the answer, not done",
        lambda update: [Close(abruptly=True)],
        69,
        "reset",
        transports=STREAMS,
        sent=2,
    ),
    Row("reset before the answer, done", spoilt(lambda *_: [Close(abruptly=True)]), 0, "", True, STREAMS),
    Row(
        "65,535 octets of noise", lambda update: [update.id + random.randbytes(65533)], 76, transports=STREAMS
    ),
    Row(
        "messages of no octets",
        lambda update: [b""] * 1000,
        69,
        "1000 messages that answer nothing",
        transports=STREAMS,
        sent=2,
    ),
    Row(
        "ten thousand answers to nobody",
        spoilt(lambda _, answer: [Octets(framed(with_bit(answer, 0)) * 10_000), answer]),
        0,
        "",
        True,
        STREAMS,
    ),
]
CASES = {f"{transport}: {row.name}": (row, transport) for row in ROWS for transport in row.transports}


class Stage:
    """A primary for each transport, with a host for each case, and the certificate that all publish."""

    def __init__(self, folder):
        self.folder = folder
        self.mail = Certificate(folder)
        self.own = Certificate(folder, "ns.example.test")
        self.number = {case: number for number, case in enumerate(CASES)}
        hosts = [f"host{number} A 192.0.2.25" for number in self.number.values()]
        before = [f"_25._tcp.host{number} 300 TLSA {FOREIGN}" for number in self.number.values()]
        self.servers = {kind: kind(folder / kind.__name__.lower()) for kind in set(PRIMARY.values())}
        self.zones = {
            kind: server.zone("example.test", *hosts, *before, signing=None)
            for kind, server in self.servers.items()
        }
        for server in self.servers.values():
            server.start()

    def play(self, case):
        """What the program said, how long it took, how many UPDATEs it sent, and what the owner holds then."""
        row, transport = CASES[case]
        zone, host = self.zones[PRIMARY[transport]], f"host{self.number[case]}"
        place = self.folder / host
        place.mkdir()
        secure = {"tls_ca": self.own, "tls_hostname": "ns.example.test"} if transport == "tls" else {}
        with Middleman(zone, row.fault, transport, self.own) as middleman:
            clock = stopwatch()
            run = Program(place)(
                "publish",
                f"{host}.example.test:25",
                server=middleman.at,
                key_file=zone.key.path,
                cert=self.mail,
                transport=transport,
                timeout=1,
                retries=1,
                exits=None,
                **secure,
            )
            return run, clock(), middleman.stopped, zone.tlsa(f"_25._tcp.{host}").records


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("updates"))
    yield stage
    for server in stage.servers.values():
        server.stop()


@pytest.fixture(scope="module")
def plays(stage, request):
    with AtOnce(request, stage.play) as plays:
        yield plays


@pytest.mark.parametrize("case", CASES)
def test_an_update_ends_as_it_should(plays, stage, case):
    row, _ = CASES[case]

    run, seconds, sent, records = plays[case]

    assert run.status == row.status, str(run)
    assert row.text in re.sub(r"\s+", " ", run.err), str(run)
    assert records == ({FOREIGN, stage.mail.tlsa()} if row.there else {FOREIGN}), str(run)
    assert row.there or run.status != 0
    assert 1 <= sent <= row.sent, str(run)
    assert seconds < LONGEST, str(run)
