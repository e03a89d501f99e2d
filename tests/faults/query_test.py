"""What may come back for a query, before an UPDATE is planned and after it was sent: one row a fault. Nothing is
planned on an answer that does not count, and a change that cannot be read back is no success."""

import itertools
import random
import typing

import pytest

from support import tsig
from support.at_once import AtOnce
from support.bind import Bind
from support.certificates import Certificate
from support.faults import changed, done, of_another_zone, once, reported, say, sealed, signed, unsigned
from support.middleman import QUERY, TLSA, UPDATE, Close, Middleman, Octets, Pause, framed, stopwatch
from support.program import Program
from support.tsig import BADKEY, BADSIG, BADTIME

FOREIGN = "3 1 1 " + "f0" * 32
LONGEST = 15  # seconds


class Row(typing.NamedTuple):
    """One fault, in the answer to every question for TLSA records."""

    name: str
    fault: typing.Callable
    status: int
    text: str = ""


EVERYWHERE = [
    Row("unsigned, no data", unsigned(), 76, "the request was signed"),
    Row("unsigned NXDOMAIN", unsigned(3), 76, "the request was signed"),
    Row("unsigned SERVFAIL", unsigned(2), 69, "SERVFAIL"),
    Row("unsigned REFUSED", unsigned(5), 77, "unauthenticated answer REFUSED"),
    Row("unsigned NOTAUTH", unsigned(9), 77, "unauthenticated answer NOTAUTH"),
    Row("signed SERVFAIL", signed(2), 69, "SERVFAIL"),
    Row("signed REFUSED", signed(5), 77, "REFUSED"),
    Row("signed NOTAUTH", signed(9), 77, "NOTAUTH"),
    Row("signed FORMERR", signed(1), 76, "--no-sign-queries"),
    Row("unsigned FORMERR", unsigned(1), 76, "--no-sign-queries"),
    Row("BADKEY", reported(BADKEY), 77, "BADKEY"),
    Row("BADSIG", reported(BADSIG), 77, "BADSIG"),
    Row("BADTIME", reported(BADTIME), 77, "BADTIME"),
    Row("wrong key", sealed(name="other-key"), 76, "another key"),
    Row("wrong secret", sealed(secret="YmFk"), 76, "does not verify"),
    Row("signed long ago", sealed(skew=-3600), 76, "another time"),
    Row("signed for another request", sealed(prior=b"\0" * 32), 76, "does not verify"),
    Row("wrong ID", signed(own_id=False), 69, "no answer in 1 s"),
    Row("QR=0", signed(qr=0), 76, "a request came where an answer was due"),
    Row("another opcode", signed(opcode=5), 76, "opcode 5, not 0"),
    Row("about another name", say(of_another_zone), 76, "another question"),
    Row("a bit changed", done(lambda query, answer: [changed(answer, 40)]), 76),
    Row("an octet missing", done(lambda query, answer: [answer[:-1]]), 76),
    Row("its signature cut off", done(lambda query, answer: [tsig.without(answer)]), 76, "was signed"),
    Row("noise", say(lambda query: query.id + random.randbytes(300)), 76),
    Row("silence", lambda query: [], 69, "no answer in 1 s"),
]
BY_STREAM = [
    Row("TC", signed(tc=1), 76, "truncated although it came over TCP"),
    Row(
        "half, then silence", done(lambda _, answer: [Octets(framed(answer)[:40])]), 76, "only the beginning"
    ),
    Row("half, then the end", done(lambda _, answer: [Octets(framed(answer)[:40]), Close()]), 76, "within a"),
    Row("closed", lambda query: [Close()], 69, "closed the connection"),
]
HARMLESS = [
    Row("SERVFAIL once", once(signed(2)), 0),
    Row("late", done(lambda query, answer: [Pause(0.5), answer]), 0),
    Row("twice", done(lambda query, answer: [answer, answer]), 0),
]
BY_DATAGRAM = [
    Row("TC", lambda query: [query.answer(tc=1)] if query.over_udp else [query.pass_on()], 0),
    Row("after a wrong one", done(lambda query, answer: [query.answer(5), answer]), 0),
]
TABLES = [
    *itertools.product(("tcp", "udp"), (EVERYWHERE, HARMLESS)),
    ("tcp", BY_STREAM),
    ("udp", BY_DATAGRAM),
]
CASES = {
    f"{when}, {transport}: {row.name}": (row, transport, when)
    for when in ("before", "after")
    for transport, rows in TABLES
    for row in rows
}


class Stage:
    def __init__(self, folder):
        self.folder = folder
        self.mail = Certificate(folder)
        self.number = {case: number for number, case in enumerate(CASES)}
        self.server = Bind(folder / "bind")
        hosts = [f"host{number} A 127.0.2.25" for number in self.number.values()]
        before = [f"_25._tcp.host{number} 300 TLSA {FOREIGN}" for number in self.number.values()]
        self.zone = self.server.zone("example.test", *hosts, *before, signing=None)
        self.server.start()

    def play(self, case):
        row, transport, when = CASES[case]
        host = f"host{self.number[case]}"
        place = self.folder / host
        place.mkdir()
        updates = []

        def fault(request):
            if request.opcode == UPDATE:
                updates.append(request)
                return [request.pass_on()]
            is_too_early = when == "after" and not updates
            return [request.pass_on()] if is_too_early else row.fault(request)

        def stops(request):
            return request.opcode == UPDATE or (request.opcode == QUERY and request.type == TLSA)

        with Middleman(self.zone, fault, transport, stops=stops) as middleman:
            clock = stopwatch()
            run = Program(place)(
                "publish",
                f"{host}.example.test:25",
                server=middleman.at,
                key_file=self.zone.key.path,
                cert=self.mail,
                transport=transport,
                timeout=1,
                retries=1,
                exits=None,
            )
            return run, clock(), len(updates), self.zone.tlsa(f"_25._tcp.{host}").records


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("queries"))
    yield stage
    stage.server.stop()


@pytest.fixture(scope="module")
def plays(stage, request):
    with AtOnce(request, stage.play) as plays:
        yield plays


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_planned_on_an_answer_that_does_not_count(plays, stage, case):
    row, _, when = CASES[case]
    is_sent = when == "after" or row.status == 0

    run, seconds, updates, records = plays[case]

    assert run.status == row.status, str(run)
    assert row.text in run.err, str(run)
    assert updates == int(is_sent), str(run)
    assert records == ({FOREIGN, stage.mail.tlsa()} if is_sent else {FOREIGN}), str(run)
    assert seconds < LONGEST, str(run)
