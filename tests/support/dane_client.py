"""A mail client that believes in DANE and shares no code with the program. Every 100 ms it looks at every
authoritative server and at every address of the service, and judges each chain that is presented against each
RRset that any resolver may still hold: all that any server served in the last two TTLs."""

import contextlib
import functools
import hashlib
import socket
import ssl
import threading
import time

import _ssl
import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MATCHING = {
    0: bytes,
    1: lambda octets: hashlib.sha256(octets).digest(),
    2: lambda octets: hashlib.sha512(octets).digest(),
}


@functools.cache
def selected(certificate, selector):
    if selector == 0:
        return certificate
    public_key = x509.load_der_x509_certificate(certificate).public_key()
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def matches(record, chain):
    """RFC 6698 section 2.1: usages 3 and 1 mean the first certificate, 2 and 0 one above it."""
    usage, selector, matching, data = record
    certificates = chain[:1] if usage in (1, 3) else chain[1:]
    return any(MATCHING[matching](selected(certificate, selector)) == data for certificate in certificates)


def is_accepted(rrset, chain):
    """RFC 7671 section 8: whichever one combination of parameters a client knows, it finds a match in it."""
    combinations = {record[:3] for record in rrset}
    return all(any(record[:3] == one and matches(record, chain) for record in rrset) for one in combinations)


def presented(address, port, name, kind=None):
    """The chain that STARTTLS brings, as DER, the leaf first; `kind` RSA or ECDSA asks for that key only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if kind:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"ECDHE+a{kind}")
    with socket.create_connection((address, port), 5) as connection:
        for command in (b"EHLO client.example.test\r\n", b"STARTTLS\r\n"):
            connection.recv(1000)
            connection.sendall(command)
        connection.recv(1000)
        with context.wrap_socket(connection, server_hostname=name) as tls:
            return [one.public_bytes(_ssl.ENCODING_DER) for one in tls._sslobj.get_unverified_chain()]


class DaneClient(threading.Thread):
    """Use as a context manager: it watches until the end of the block, where any mismatch is an error."""

    def __init__(self, owner, name, authorities, services, kinds=(None,)):
        super().__init__(daemon=True)
        self.owner, self.name = owner, name
        self.authorities, self.services, self.kinds = authorities, services, kinds
        self.last_served = {}  # of each RRset: when some server was last asked that has it
        self.mismatches = []
        self.judgements = 0
        self.rounds = 0
        self.chains = set()  # every leaf that was met
        self._is_over = threading.Event()
        self._fault = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        assert not self.mismatches, "\n".join(self.mismatches[:10])

    def stop(self):
        """What it watches may have been over sooner than its first look."""
        deadline = time.monotonic() + 20
        while self.is_alive() and not self.judgements and time.monotonic() < deadline:
            time.sleep(0.02)
        self._is_over.set()
        self.join()
        assert self._fault is None, self._fault
        assert self.judgements, "the client never judged anything"

    def pause(self):
        """Returns when it has looked at everything once more."""
        seen = self.rounds
        while self.is_alive() and self.rounds < seen + 2:
            time.sleep(0.02)

    def run(self):
        try:
            while not self._is_over.wait(0.1):
                for authority in self.authorities:
                    self._ask(authority)
                for service in self.services:
                    for kind in self.kinds:
                        self._connect(service, kind)
                self.rounds += 1
        except Exception as fault:  # of the test, to be shown in the test's own thread
            self._fault = repr(fault)

    def _ask(self, authority):
        asked_at = time.monotonic()
        query = dns.message.make_query(self.owner, "TLSA")
        with contextlib.suppress(OSError, dns.exception.Timeout):
            answer, _ = dns.query.udp_with_fallback(query, authority.address, 1, authority.reserved_port)
            for rrset in answer.answer:
                if rrset.rdtype == dns.rdatatype.TLSA:
                    records = frozenset((one.usage, one.selector, one.mtype, one.cert) for one in rrset)
                    self.last_served[records, rrset.ttl] = asked_at

    def _connect(self, service, kind):
        try:
            chain = presented(service.address, service.reserved_port, self.name, kind)
        except OSError:  # nobody there: no mail, but nothing that DANE would refuse
            return
        now = time.monotonic()
        self.chains.add(chain[0])
        for (rrset, ttl), last_served in self.last_served.items():
            if last_served + 2 * ttl < now:
                continue
            self.judgements += 1
            if not is_accepted(rrset, chain):
                self.mismatches.append(self._describe(service, chain, rrset, now - last_served))

    @staticmethod
    def _describe(service, chain, rrset, age):
        records = ", ".join(f"{u} {s} {m} {data.hex()[:16]}" for u, s, m, data in sorted(rrset))
        leaf = MATCHING[1](selected(chain[0], 1)).hex()[:16]
        return f"{service.address} presents 3 1 1 {leaf}, and {age:.2f} s ago a server served {records}"
