"""Stands between the program and its server: passes on what it is not asked to spoil, and answers the rest by
a fault's script. By UDP, TCP or TLS towards the program, always by TCP towards the server."""

import contextlib
import itertools
import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass

from support import tsig
from support.server import listening_socket
from support.tsig import Seal

UPDATE, QUERY = 5, 0
SOA, TLSA, TSIG, AXFR = 6, 52, 250, 252


# What a script may do besides sending a message, which is bytes.
@dataclass
class Octets:
    """As they are, in a stream."""

    octets: bytes


@dataclass
class Pause:
    seconds: float


@dataclass
class FromElsewhere:
    """A datagram from another port than the one that was asked."""

    message: bytes


@dataclass
class Close:
    """Ends the connection; `abruptly`: by a reset."""

    abruptly: bool = False


class Request:
    """One message of the program that a fault was made for."""

    def __init__(self, middleman, wire, over_udp):
        self.wire = wire
        self.over_udp = over_udp
        self.number = 0  # 1: the first that the fault is asked about
        self._middleman = middleman
        self.key = middleman.zone.key

    @property
    def id(self):
        return self.wire[:2]

    @property
    def opcode(self):
        return self.wire[2] >> 3 & 15

    @property
    def type(self):
        """Of the question."""
        return struct.unpack_from("!H", self.wire, tsig.end_of_questions(self.wire) - 4)[0]

    @property
    def is_signed(self):
        return any(record.type == TSIG for record in tsig.records(self.wire))

    @property
    def question(self):
        return self.wire[12 : tsig.end_of_questions(self.wire)]

    def pass_on(self):
        """The server's answer."""
        return next(self.pass_on_and_hear())

    def pass_on_and_hear(self):
        """The server's answers, for as long as one wants to hear more."""
        with socket.create_connection(self._middleman.beyond, timeout=5) as server:
            server.sendall(framed(self.wire))
            while True:
                yield receive(server)

    def answer(self, rcode=0, *, opcode=None, qr=1, tc=0, own_id=True, question=True, body=b"", answers=0):
        """An answer that nobody has signed."""
        flags = qr << 15 | (self.opcode if opcode is None else opcode) << 11 | 1 << 10 | tc << 9 | rcode & 15
        counts = (1 if question else 0, answers, 0, 0)
        message = (self.id if own_id else bytes(octet ^ 255 for octet in self.id)) + struct.pack("!5H", flags, *counts)
        message += (self.question if question else b"") + body
        if rcode > 15:  # RFC 6891 section 6.1.3
            message = tsig.with_record(message, b"\0" + struct.pack("!HHIH", 41, 1232, rcode >> 4 << 24, 0))
        return message

    def sign(self, message, **wrong):
        """With the key and the MAC of the request; `wrong` as in Seal."""
        return tsig.sign(message, self.key, tsig.mac_of(self.wire), seal=Seal(**wrong))[0]

    def signed(self, rcode=0, **more):
        return self.sign(self.answer(rcode, **more))


class Middleman:
    """`fault(request)` gives what to do instead of answering: messages, Octets, Pause, Close. `stops` says
    which requests it is asked about; by default the UPDATEs."""

    def __init__(self, zone, fault, transport="tcp", certificate=None, stops=lambda r: r.opcode == UPDATE):
        self.zone = zone
        self.beyond = (zone.server.address, zone.server.port)
        self.stopped = 0  # requests that the fault was asked about
        self.passed = 0
        self._fault, self._stops, self._transport = fault, stops, transport
        self._numbers = itertools.count(1)
        self._ended = threading.Event()
        if transport == "tls":
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate.path, certificate.key_path)
            self._context.set_alpn_protocols(["dot"])
        self._stream = listening_socket()
        self.port = self._stream.getsockname()[1]
        self.at = f"127.0.0.1@{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()
        if transport == "udp":  # besides: what does not fit goes by TCP to the same port
            self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._datagrams.bind(("127.0.0.1", self.port))
            threading.Thread(target=self._receive, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()
        if self._transport == "udp":
            with contextlib.suppress(OSError):
                self._datagrams.shutdown(socket.SHUT_RDWR)
            self._datagrams.close()

    def _acts(self, wire, over_udp=False):
        request = Request(self, wire, over_udp)
        if not self._stops(request):
            self.passed += 1
            return [request.pass_on()]
        self.stopped += 1
        request.number = next(self._numbers)
        return self._fault(request)

    def _accept(self):
        with contextlib.suppress(OSError):  # of the listener, at the end
            while True:
                peer, _ = self._stream.accept()
                threading.Thread(target=self._converse, args=(peer,), daemon=True).start()

    def _converse(self, peer):
        with contextlib.suppress(OSError, EOFError, ssl.SSLError), peer:
            peer.settimeout(30)
            if self._transport == "tls":
                peer = self._context.wrap_socket(peer, server_side=True)
            with peer:
                while True:
                    for act in self._acts(receive(peer)):
                        if isinstance(act, Close):
                            return hang_up(peer, act.abruptly)
                        self._perform(act, peer)

    def _perform(self, act, peer):
        if isinstance(act, Pause):
            self._ended.wait(act.seconds)
        elif isinstance(act, Octets):
            peer.sendall(act.octets)
        else:
            peer.sendall(framed(act))

    def _receive(self):
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                wire, peer = self._datagrams.recvfrom(65535)
                if not wire:  # of a socket that was shut down, or not worth an answer
                    continue
                threading.Thread(target=self._respond, args=(wire, peer), daemon=True).start()

    def _respond(self, wire, peer):
        with contextlib.suppress(OSError, EOFError):
            for act in self._acts(wire, over_udp=True):
                if isinstance(act, Pause):
                    self._ended.wait(act.seconds)
                elif isinstance(act, FromElsewhere):
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
                        elsewhere.sendto(act.message, peer)
                else:
                    self._datagrams.sendto(act, peer)


def framed(message):
    return struct.pack("!H", len(message)) + message


def receive(stream):
    (size,) = struct.unpack("!H", exactly(stream, 2))
    return exactly(stream, size)


def exactly(stream, size):
    octets = b""
    while len(octets) < size:
        more = stream.recv(size - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets


def hang_up(peer, abruptly):
    if abruptly:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def stopwatch():
    began = time.monotonic()
    return lambda: time.monotonic() - began
