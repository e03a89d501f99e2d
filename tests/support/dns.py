"""TSIG keys, and zones as a test writes them and reads them back: with dnspython, over TCP, signed."""

import base64
import copy
import dataclasses
import secrets

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rdataclass
import dns.rdatatype
import dns.tsigkeyring
import dns.update
import dns.zone

from support import confidential

ALGORITHMS = {
    "hmac-md5": 16,
    "hmac-sha1": 20,
    "hmac-sha224": 28,
    "hmac-sha256": 32,
    "hmac-sha384": 48,
    "hmac-sha512": 64,
}
WEAK = ("hmac-md5", "hmac-sha1")


class TsigKey:
    """A TSIG key, and the file that holds it in the form that tsig-keygen writes."""

    def __init__(self, folder, name, algorithm="hmac-sha256", secret=None):
        self.name = name
        self.algorithm = algorithm
        self.secret = secret or base64.b64encode(secrets.token_bytes(ALGORITHMS[algorithm])).decode()
        self.path = folder / f"{name}.{algorithm}.key"
        self.path.touch(0o600)
        self.path.write_text(f'key "{name}" {{\n\talgorithm {algorithm};\n\tsecret "{self.secret}";\n}};\n')
        confidential.remember(self.secret, f"the secret of {name}")

    @property
    def options(self):
        weak = ["--allow-weak-tsig"] if self.algorithm in WEAK else []
        return ["--key-file", str(self.path), *weak]

    def sign(self, message):
        algorithm = "HMAC-MD5.SIG-ALG.REG.INT" if self.algorithm == "hmac-md5" else self.algorithm
        message.use_tsig(self.keyring, algorithm=dns.name.from_text(algorithm))

    @property
    def keyring(self):
        return dns.tsigkeyring.from_text({self.name: self.secret})


@dataclasses.dataclass
class Rrset:
    """A TLSA RRset as it is served."""

    ttl: int
    records: set  # of "3 1 1 4648..."
    is_signed: bool  # its RRSIG verifies against the zone's DNSKEY


class Zone:
    """A zone of one server: what it holds at the start, and what it holds now. See Authority.zone."""

    def __init__(self, server, name, records, key, signing, allow, primary=None):
        self.server = server
        self.name = name
        self.records = records
        self.key = key
        self.signing = signing
        self.allow = allow
        self.primary = primary  # the Zone that a secondary follows
        self.mname = "ns"
        self.negative_ttl = 300
        self.notifies = []  # servers that are told of changes
        self.readers = None  # the keys that may transfer it; None: every key
        self.granted = None  # the only owners that BIND and Knot let its key update; None: all

    @property
    def options(self):
        """What tlsa-update needs to know to reach it."""
        return ["--server", self.server.at, *self.key.options]

    def by(self, key):
        """The same zone, reached with another key."""
        zone = copy.copy(self)
        zone.key = key
        return zone

    def file_text(self):
        """The zone file that the server starts from."""
        if self.signing == "file":
            return "\n".join([*self.records, ""])
        address = "AAAA" if ":" in self.server.address else "A"
        return "\n".join(
            [
                f"$ORIGIN {self.name}.",
                "$TTL 3600",
                f"@ SOA {self.mname} hostmaster 1 7200 3600 604800 {self.negative_ttl}",
                "@ NS ns",
                f"ns {address} {self.server.address}",
                *self.records,
                "",
            ]
        )

    def full(self, owner):
        if owner.endswith("."):
            return owner
        return f"{self.name}." if owner == "@" else f"{owner}.{self.name}."

    def ask(self, owner, rdtype, want_dnssec=True):
        query = dns.message.make_query(self.full(owner), rdtype, flags=0, want_dnssec=want_dnssec)
        self.key.sign(query)
        try:
            return dns.query.tcp(query, self.server.address, port=self.server.port, timeout=5)
        except ConnectionResetError:  # NSD drops its connections when it reloads
            return dns.query.tcp(query, self.server.address, port=self.server.port, timeout=5)

    def change(self, *commands):
        """An UPDATE, as nsupdate would send it, by somebody else who has the key: ("delete", owner, "TLSA"), ..."""
        update = dns.update.UpdateMessage(self.name)
        for action, *words in commands:
            getattr(update, action)(*words)
        self.key.sign(update)
        assert dns.query.tcp(update, self.server.address, port=self.server.port, timeout=5).rcode() == 0

    def rrset(self, owner, rdtype):
        """The RRset in an answer to a query for it, or None."""
        return self.signed_rrset(owner, rdtype)[0]

    def signed_rrset(self, owner, rdtype):
        """The RRset and the RRSIGs over it, each or None: of one answer, since zones change."""
        answer = self.ask(owner, rdtype)
        rdtype = dns.rdatatype.from_text(rdtype)
        return [
            answer.get_rrset(answer.answer, dns.name.from_text(self.full(owner)), dns.rdataclass.IN, *kind)
            for kind in ((rdtype,), (dns.rdatatype.RRSIG, rdtype))
        ]

    def is_served(self):
        """Answered with authority, and signed if it should be."""
        try:
            answer = self.ask("@", "SOA")
        except (OSError, EOFError, dns.exception.DNSException):
            return False
        signed = any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in answer.answer)
        return bool(answer.flags & dns.flags.AA) and (signed or self.signing in (None, "file"))

    def serial(self):
        return self.rrset("@", "SOA")[0].serial

    def tlsa(self, owner):
        """The Rrset at `owner`, or None."""
        rrset, rrsig = self.signed_rrset(owner, "TLSA")
        if not rrset:
            return None
        if rrsig:
            dns.dnssec.validate(rrset, rrsig, {dns.name.from_text(self.name): self.rrset("@", "DNSKEY")})
        return Rrset(rrset.ttl, {text(record) for record in rrset}, bool(rrsig))

    def dnskey(self):
        """The zone's keys in presentation form, one a string: trust anchors."""
        return [f"{self.name}. DNSKEY {record}" for record in self.rrset("@", "DNSKEY")]

    def ds(self):
        """What the parent zone publishes of these keys: DS records without their owner."""
        apex = dns.name.from_text(self.name)
        return [f"DS {dns.dnssec.make_ds(apex, key, 'SHA256')}" for key in self.rrset("@", "DNSKEY")]

    def transferred(self):
        """Everything in the zone by AXFR, answered or not, as a dnspython zone."""
        messages = dns.query.xfr(
            self.server.address,
            self.name,
            port=self.server.port,
            relativize=False,
            keyring=self.key.keyring,
            keyalgorithm=self.key.algorithm,
        )
        return dns.zone.from_xfr(messages, relativize=False)

    def transfer(self):
        """Every TLSA RRset in the zone by AXFR: {owner: (ttl, records)}."""
        found = self.transferred().iterate_rdatasets(dns.rdatatype.TLSA)
        return {owner.to_text(): (rdataset.ttl, set(map(text, rdataset))) for owner, rdataset in found}


def text(tlsa):
    """A TLSA record of dnspython in the words of this project: "3 1 1 4648..."."""
    return f"{tlsa.usage} {tlsa.selector} {tlsa.mtype} {tlsa.cert.hex()}"
