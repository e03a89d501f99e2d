"""What may come back for an UPDATE, forged, broken, late or not at all, from between the program and its
primary: one row a fault, each with the exit status and the words that it must end in, by every transport.

Whatever happens, it ends in time, 0 means that the record is there, and nothing else has changed."""

import random
import secrets
import typing

import dns.message
import dns.rdatatype
import pytest

from support.at_once import AtOnce
from support.bind import Bind
from support.certificates import Certificate
from support.faults import changed, clock, done, done_twice, of_another_zone, once, reported, say
from support.faults import sealed, signed, unsigned
from support.knot import Knot
from support.middleman import QUERY, TLSA, Close, FromElsewhere, Middleman, Octets, Pause, framed, stopwatch
from support.program import Program
from support.tsig import BADKEY, BADSIG, BADTIME, BADTRUNC, without

PRIMARY = {"tcp": Bind, "udp": Knot, "tls": Bind}
STREAMS = ("tcp", "tls")
EVERYWHERE = ("udp", *STREAMS)
FOREIGN = "3 1 1 " + "f0" * 32
LONGEST = 25  # seconds: a race is tried eight times, with growing pauses


class Row(typing.NamedTuple):
    """One fault."""

    name: str
    fault: typing.Callable
    status: int
    text: str = ""


UNSIGNED = {
    **dict.fromkeys([0, 1, 3, 6, 7, 8, *range(11, 16), 16, 17, 23, 4095], (76, "the request was signed")),
    **dict.fromkeys([4, 5, 9, 10], (77, "unauthenticated answer")),
    2: (69, "unauthenticated answer SERVFAIL"),
}
SIGNED = {
    **dict.fromkeys([1, 16], (76, "does not understand")),
    **dict.fromkeys([4, *range(11, 16), 17, 23, 4095], (77, "does not take updates of zone example.test.")),
    2: (69, "SERVFAIL"),
    5: (77, "may not change TLSA at _25._tcp."),
    9: (77, "is not the primary of zone example.test."),
    10: (77, "is not in zone example.test."),
}
REPORTED = {
    BADSIG: (77, "a different secret"),
    BADKEY: (77, "does not take key update-key. (hmac-sha256)"),
    BADTIME: (77, "the server's clock says 20"),
    BADTRUNC: (77, "wants a longer MAC"),
    **dict.fromkeys([1, 9, 19, 20, 21, 65535], (76, "TSIG error")),
}
NOT_DONE = [
    *(Row(f"unsigned RCODE {rcode}", unsigned(rcode), *ends) for rcode, ends in UNSIGNED.items()),
    *(Row(f"signed RCODE {rcode}", signed(rcode), *ends) for rcode, ends in SIGNED.items()),
    *(Row(f"TSIG error {error}", reported(error), *ends) for error, ends in REPORTED.items()),
    Row("signed NOERROR", signed(), 76, "its answers have not changed"),
    Row("signed BADTIME", sealed(9, error=BADTIME, other=clock(600)), 77, "set the clocks right"),
    Row("signed BADTRUNC", sealed(9, error=BADTRUNC), 77, "wants a longer MAC"),
    Row("TSIG error in a NOERROR", reported(BADKEY, 0), 76, "does not verify"),
    Row("TSIG error of a secondary that forwards", reported(BADKEY, 2), 69, "--server"),
    Row("wrong key", sealed(name="other-key"), 76, "another key"),
    Row("wrong secret", sealed(secret="c2VjcmV0IG9mIHNvbWVib2R5IGVsc2Uh"), 76, "does not verify"),
    Row("MAC of no octets", sealed(mac=0), 76, "does not verify"),
    Row("MAC of 9 octets", sealed(mac=9), 76, "does not verify"),
    Row("MAC of 16 octets", sealed(mac=16), 76, "does not verify"),
    Row("MAC over another request", sealed(prior=secrets.token_bytes(32)), 76, "does not verify"),
    Row("MAC over no request", sealed(prior=b""), 76, "does not verify"),
    Row("TSIG of class IN", sealed(record_class=1), 76, "malformed"),
    Row("two TSIG records", say(lambda update: update.sign(update.signed())), 76, "malformed"),
    Row("signed 302 s ago", sealed(skew=-302), 76, "another time"),
    Row("signed in 304 s", sealed(skew=304), 76, "another time"),
    Row("signed decades ago", sealed(skew=-1_000_000_000), 76, "another time"),
    Row("wrong ID", signed(own_id=False), 69, "no answer in 1 s"),
    Row("QR=0", signed(qr=0), 76, "a request came where an answer was due"),
    Row("another opcode", signed(opcode=0), 76, "opcode 0, not 5"),
    Row("bare header, unsigned NOTIMP", unsigned(4, question=False), 77, "unauthenticated answer NOTIMP"),
    Row("bare header, unsigned NOERROR", unsigned(question=False), 76, "the request was signed"),
    Row("12 octets of a longer message", say(lambda update: update.signed()[:12]), 76, "message"),
    Row("an answer about another zone", say(of_another_zone), 76, "the answer is to another question"),
    Row("the request itself", say(lambda update: update.wire), 76, "a request came"),
    Row("noise behind the ID", say(lambda update: update.id + random.randbytes(200)), 76),
    Row("silence", lambda update: [], 69, "no answer in 1 s"),
]
NOT_DONE_BY_STREAM = [
    *(Row(f"signed RCODE {race}", signed(race), 76, "with other data than it answers") for race in (3, 6, 7, 8)),
    Row("TC", signed(tc=1), 76, "truncated although it came over TCP"),
    Row("closed", lambda update: [Close()], 69, "closed the connection"),
    Row("reset", lambda update: [Close(abruptly=True)], 69, "reset"),
    Row("65,535 octets of noise", say(lambda update: update.id + random.randbytes(65533)), 76),
    Row("messages of no octets", lambda update: [b""] * 1000, 69, "1000 messages that answer nothing"),
]
NOT_DONE_BY_DATAGRAM = [
    Row("signed, from another port", lambda update: [FromElsewhere(update.signed())], 69, "no answer in 1 s"),
    Row(
        "REFUSED after an unsigned NOERROR", lambda update: [update.answer(), update.signed(5)], 77, "may not"
    ),
]
DONE = [
    Row("SERVFAIL once", once(signed(2)), 0),
    Row("silence once", once(lambda update: []), 0),
    Row("reply lost", done(lambda update, answer: []), 0),
    Row("done twice, the second answer", done_twice, 0),
    Row("unsigned NOERROR", done(lambda update, answer: [update.answer()]), 76, "the answer is not"),
    *(
        Row(f"unsigned RCODE {rcode}", done(lambda update, _, rcode=rcode: [update.answer(rcode)]), *ends)
        for rcode, ends in UNSIGNED.items()
        if ends[0] == 77
    ),
    Row("TSIG error BADKEY", done(lambda update, _: reported(BADKEY)(update)), *REPORTED[BADKEY]),
    Row("bare header, signed", done(lambda update, answer: [update.signed(question=False)]), 0),
    Row("the answer twice", done(lambda update, answer: [answer, answer]), 0),
    Row("the answer after 0.5 s", done(lambda update, answer: [Pause(0.5), answer]), 0),
    Row("the answer too late", done(lambda update, answer: [Pause(1.5), answer]), 0),
    Row("a bit of the ID changed", done(lambda update, answer: [changed(answer, 0)]), 0),
    Row("a bit of the RCODE changed", done(lambda update, answer: [changed(answer, 3)]), 76),
    Row(
        "a bit of the MAC changed", done(lambda update, answer: [changed(answer, -20)]), 76, "does not verify"
    ),
    Row("a bit of the last octet changed", done(lambda update, answer: [changed(answer, -1)]), 76),
    Row("an octet missing", done(lambda update, answer: [answer[:-1]]), 76),
    Row("an octet too many", done(lambda update, answer: [answer + b"\0"]), 76),
]
DONE_BY_STREAM = [
    Row(
        "half, then silence", done(lambda _, answer: [Octets(framed(answer)[:40])]), 76, "only the beginning"
    ),
    Row("half, then the end", done(lambda _, answer: [Octets(framed(answer)[:40]), Close()]), 76, "within a"),
    Row("closed", done(lambda update, answer: [Close()]), 0),
    Row("reset", done(lambda update, answer: [Close(abruptly=True)]), 0),
    Row("10,000 strays", done(lambda _, answer: [Octets(framed(changed(answer, 0)) * 10_000), answer]), 0),
]
DONE_BY_DATAGRAM = [
    Row("TC", done(lambda update, answer: [update.signed(tc=1)] if update.over_udp else [answer]), 0),
    Row("TC, not done", lambda update: [update.signed(tc=1) if update.over_udp else update.pass_on()], 0),
    Row("unsigned TC", lambda update: [update.answer(tc=1) if update.over_udp else update.pass_on()], 0),
    Row("after a wrong one", done(lambda update, answer: [update.answer(5), answer]), 0),
    Row(
        "after fifty", done(lambda _, answer: [changed(answer, -20, n % 8) for n in range(50)] + [answer]), 0
    ),
]
TABLES = [
    ("not done", NOT_DONE, EVERYWHERE),
    ("not done", NOT_DONE_BY_STREAM, STREAMS),
    ("not done", NOT_DONE_BY_DATAGRAM, ("udp",)),
    ("done", DONE, EVERYWHERE),
    ("done", DONE_BY_STREAM, STREAMS),
    ("done", DONE_BY_DATAGRAM, ("udp",)),
]
CASES = {
    f"{transport}, {what}: {row.name}": (row, transport, what == "done")
    for what, rows, transports in TABLES
    for transport in transports
    for row in rows
}
MOST_SENT = {0: 2, 69: 2, 75: 8}  # UPDATEs, by exit status; else 1


def patience(row):
    """Seconds. Where silence ends it, the next try is due soon; an answer must not come too late on a busy machine."""
    return 1 if row.status in (0, 69) else 4


class Stage:
    """A primary for each transport, with a host for each case, and the certificate that all publish."""

    def __init__(self, folder):
        self.folder = folder
        self.mail = Certificate(folder)
        self.own = Certificate(folder, "ns.example.test")
        self.number = {case: number for number, case in enumerate(CASES)}
        hosts = [f"host{number} A 127.0.2.25" for number in self.number.values()]
        before = [f"_25._tcp.host{number} 300 TLSA {FOREIGN}" for number in self.number.values()]
        self.servers = {kind: kind(folder / kind.__name__.lower()) for kind in set(PRIMARY.values())}
        self.zones = {
            kind: server.zone("example.test", *hosts, *before, signing=None)
            for kind, server in self.servers.items()
        }
        for server in self.servers.values():
            server.start()

    def play(self, case):
        """What the program said, how long it took, how many UPDATEs it sent, what the owner holds then."""
        row, transport, _ = CASES[case]
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
                timeout=patience(row),
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
    row, _, is_done = CASES[case]

    run, seconds, sent, records = plays[case]

    assert run.status == row.status, str(run)
    assert row.text in run.err, str(run)
    assert records == ({FOREIGN, stage.mail.tlsa()} if is_done else {FOREIGN}), str(run)
    assert not is_done or row.status == 0 or "the change has been made all the same" in run.err, str(run)
    assert 1 <= sent <= MOST_SENT.get(row.status, 1), str(run)
    assert seconds < LONGEST, str(run)


def without_signatures(query):
    answer = dns.message.from_wire(without(query.pass_on()))
    answer.answer = [rrset for rrset in answer.answer if rrset.rdtype != dns.rdatatype.RRSIG]
    return [query.sign(answer.to_wire())]


def test_what_is_not_signed_yet_in_a_signed_zone_is_said(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    assert zone.serial()
    mail = certificate()

    with Middleman(
        zone, without_signatures, stops=lambda request: request.opcode == QUERY and request.type == TLSA
    ) as middleman:
        run = tlsa_update(
            "publish", "mail.example.test:25", server=middleman.at, key_file=zone.key.path, cert=mail
        )

    assert "_25._tcp.mail.example.test. is in the zone, but without a signature yet" in run.err
    assert zone.tlsa("_25._tcp.mail").records == {mail.tlsa()}
