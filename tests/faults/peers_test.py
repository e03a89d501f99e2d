"""Peers that are silent, slow, endless or large: everything ends in time."""

import functools
import itertools
import socket

import dns.message
import dns.rrset
import pytest

from support import tsig
from support.at_once import AtOnce
from support.certificates import Certificate
from support.dns import TsigKey
from support.middleman import TLSA, UPDATE, Middleman, stopwatch
from support.peer import Peer
from support.program import Program

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"


def silent(connection, ended):
    ended.wait(60)


def deaf(connection, ended):
    """Reads nothing and says nothing."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    ended.wait(60)


def drip(octets):
    def script(connection, ended):
        for octet in octets:
            connection.sendall(bytes([octet]))
            if ended.wait(0.3):
                return

    return script


def pour(octets):
    def script(connection, ended):
        while not ended.is_set():
            connection.sendall(octets)

    return script


def from_primary(script, transport, command, folder):
    """The program and a primary of this kind."""
    options = {"timeout": 1, "retries": 0, "transport": transport, "exits": None}
    if command != "list":
        options["cert"] = Certificate(folder)
    if command == "status":
        options["address"] = "127.0.0.1"
    what = "example.test" if command == "list" else MAIL
    with Peer(script) as primary:
        at = f"127.0.0.1@{primary.port}"
        return Program(folder)(
            command, TsigKey(folder, "update-key"), what, server=at, nameserver=at, **options
        )


PEERS = {
    "accepts and never answers": silent,
    "reads nothing": deaf,
    "an octet now and then": drip(itertools.repeat(1)),
    "an endless stream of noise": pour(bytes(range(256)) * 64),
    "an endless stream of empty messages": pour(b"\0" * 65536),
    "an endless stream of 64 KiB messages": pour(b"\xff" * 65537),
    "closes at once": lambda connection, ended: None,
}


CASES = {
    f"{command} by {transport}: {peer}": functools.partial(from_primary, PEERS[peer], transport, command)
    for command, transport, peer in itertools.product(("publish", "list", "status"), ("tcp", "tls"), PEERS)
}


# --- Answers as large as DNS has them


def test_answers_of_64_kib_are_read(bind, certificate, tlsa_update):
    """A response that is full to its last octet is a response, and one RRset may be as large."""
    many = [f"{OWNER} TLSA 3 1 1 {number:064x}" for number in range(90)]
    zone = bind.zone("example.test", "mail A 127.0.2.25", *many, signing=None)
    filling = lambda request: [full(request)] if request.type == TLSA else [request.pass_on()]

    with Middleman(zone, filling, stops=lambda request: request.opcode != UPDATE) as middleman:
        run = tlsa_update(
            "publish", MAIL, server=middleman.at, key_file=zone.key.path, cert=certificate(), timeout=2
        )

    assert "not signed" in run.err
    assert len(zone.tlsa(OWNER).records) == 91


def full(request):
    """The server's answer, with as much in its authority section as there is room for."""
    answer = dns.message.from_wire(
        request.pass_on(), keyring=request.key.keyring, request_mac=tsig.mac_of(request.wire)
    )
    answer.tsig = None
    rdata = '"' + "x" * 250 + '" '
    answer.authority.append(dns.rrset.from_text("filling.example.test.", 60, "IN", "TXT", rdata * 200))
    return request.sign(answer.to_wire(max_size=65535))


# --- Dialogues before TLS that have no end

ENDLESS = {
    "smtp": b"250-more\r\n",
    "lmtp": b"220-more\r\n",
    "imap": b"* CAPABILITY IMAP4rev1\r\n",
    "pop3": b"+OK\r\n",
    "ftp": b"220-more\r\n",
    "xmpp": b"<a>",
    "xmpp-server": b"<?xml version='1.0'?>",
    "sieve": b'"SIEVE" "fileinto"\r\n',
    "ldap": b"\x30\x84\x7f\xff\xff\xff",
    "none": b"\x16\x03\x03\x40\x00",
}
HOWS = {
    "poured": pour,
    "dripped": lambda octets: drip(itertools.cycle(octets)),
    "in a line without end": lambda octets: pour(octets.strip() * 1000 + b"x"),
}


def from_service(script, protocol, folder):
    with Peer(script) as service:
        at = f"127.0.0.1:{service.port}"
        return Program(folder)("generate", from_server=at, starttls=protocol, timeout=1, exits=None)


CASES |= {
    f"{protocol} {how}": functools.partial(from_service, HOWS[how](octets), protocol)
    for (protocol, octets), how in itertools.product(ENDLESS.items(), HOWS)
}
CASES["postgres, silent"] = functools.partial(from_service, silent, "postgres")


@pytest.fixture(scope="module")
def plays(request, tmp_path_factory):
    def play(case):
        clock = stopwatch()
        return CASES[case](tmp_path_factory.mktemp("peer")), clock()

    with AtOnce(request, play) as plays:
        yield plays


@pytest.mark.parametrize("case", CASES)
def test_a_peer_that_plays_dead_or_never_stops_is_left_in_time(plays, case):
    run, seconds = plays[case]

    assert run.status in (69, 76), str(run)
    assert seconds < 8, str(run)
