"""TSIG (RFC 8945) written down a second time, every field within reach of a test."""

import base64
import hmac
import struct
import time
from dataclasses import dataclass

BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22
NAME_OF_MD5 = "hmac-md5.sig-alg.reg.int"


@dataclass
class Seal:
    """What a test may want to be wrong about a signature."""

    skew: int = 0  # Time Signed: seconds from now
    error: int = 0
    other: bytes = b""
    name: str = None  # of the key
    secret: str = None  # base64
    mac: int = None  # how many octets of the MAC are sent; None: all
    prior: bytes = None  # the MAC that is digested before the message
    record_class: int = 255


def sign(message, key, prior=b"", seal=Seal(), between=None):
    """(the message with its TSIG, the whole MAC). `prior`: the request's MAC, or the last one of a stream.
    `between`: in a stream, from its second signature on, the unsigned octets since the last."""
    now = int(time.time()) + seal.skew
    name = in_wire(seal.name or key.name)
    algorithm = in_wire(NAME_OF_MD5 if key.algorithm == "hmac-md5" else key.algorithm)
    timers = struct.pack("!HIH", now >> 32, now & 0xFFFFFFFF, 300)
    errors = struct.pack("!HH", seal.error, len(seal.other)) + seal.other
    variables = name + struct.pack("!HI", 255, 0) + algorithm + timers + errors
    if seal.prior is not None:
        prior = seal.prior
    digested = struct.pack("!H", len(prior)) + prior if prior else b""
    digested += message + variables if between is None else between + message + timers
    secret = base64.b64decode(seal.secret or key.secret)
    whole = hmac.new(secret, digested, key.algorithm.replace("hmac-", "")).digest()
    mac = whole[: seal.mac]
    rdata = algorithm + timers + struct.pack("!H", len(mac)) + mac + message[:2] + errors
    record = name + struct.pack("!HHIH", 250, seal.record_class, 0, len(rdata)) + rdata
    return with_record(message, record), whole


def without(message):
    """The message as if it had never been signed."""
    (count,) = struct.unpack_from("!H", message, 10)
    return message[:10] + struct.pack("!H", count - 1) + message[12 : list(records(message))[-1].at]


def mac_of(message):
    """The MAC of a message's last record, which is its TSIG."""
    at = list(records(message))[-1].rdata_at
    at = end_of_name(message, at) + 8  # algorithm, time signed, fudge
    (size,) = struct.unpack_from("!H", message, at)
    return message[at + 2 : at + 2 + size]


@dataclass
class Record:
    section: int  # 0: answer (of an UPDATE: prerequisite), 1: authority, 2: additional
    type: int
    at: int
    rdata_at: int


def records(message):
    """Where each record of a message stands."""
    _, _, questions, *counts = struct.unpack_from("!6H", message)
    at = end_of_questions(message)
    for section, count in enumerate(counts):
        for _ in range(count):
            fields = end_of_name(message, at)
            rrtype, _, _, size = struct.unpack_from("!HHIH", message, fields)
            yield Record(section, rrtype, at, fields + 10)
            at = fields + 10 + size


def end_of_questions(message):
    at = 12
    for _ in range(struct.unpack_from("!H", message, 4)[0]):
        at = end_of_name(message, at) + 4
    return at


def end_of_name(message, at):
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def in_wire(name):
    labels = [label.encode() for label in name.lower().strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def with_record(message, record):
    """The message with one more record at its end, in the additional section."""
    (count,) = struct.unpack_from("!H", message, 10)
    return message[:10] + struct.pack("!H", count + 1) + message[12:] + record
