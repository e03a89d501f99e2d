#!/usr/bin/python3
"""Prints tsig_vectors.inc: signed messages computed from the text of RFC 8945 with hmac and struct alone.

Shares nothing with the library: `tsig_vectors.py > tsig_vectors.inc` after a change here, and CTest compares.
"""
import hashlib
import hmac
import struct

NOW = 1_795_300_000
ALGORITHMS = {  # enumerator: (wire name, hash)
    "hmac_md5": ("hmac-md5.sig-alg.reg.int.", hashlib.md5),
    "hmac_sha1": ("hmac-sha1.", hashlib.sha1),
    "hmac_sha224": ("hmac-sha224.", hashlib.sha224),
    "hmac_sha256": ("hmac-sha256.", hashlib.sha256),
    "hmac_sha384": ("hmac-sha384.", hashlib.sha384),
    "hmac_sha512": ("hmac-sha512.", hashlib.sha512),
}
# Around the sizes where HMAC hashes the key first: a block is 64 or 128 octets.
SECRET_SIZES = (1, 16, 32, 63, 64, 65, 127, 128, 129, 200)


def wire(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def secret(size):
    return bytes((7 * i + size) % 256 for i in range(size))


def query(ident, qname, flags=0):
    return struct.pack("!6H", ident, flags, 1, 0, 0, 0) + wire(qname) + struct.pack("!2H", 52, 1)


def u48(value):
    return struct.pack("!Q", value)[2:]


def variables(key, algorithm, now, fudge=300, error=0, other=b""):
    """Section 4.3.3."""
    return (wire(key) + struct.pack("!HI", 255, 0) + wire(algorithm) + u48(now)
            + struct.pack("!HHH", fudge, error, len(other)) + other)


def attach(message, key, algorithm, mac, now, fudge=300, error=0, other=b""):
    """Sections 4.2 and 5.1."""
    ident, flags, *counts = struct.unpack("!6H", message[:12])
    counts[3] += 1
    rdata = (wire(algorithm) + u48(now) + struct.pack("!HH", fudge, len(mac)) + mac
             + struct.pack("!HHH", ident, error, len(other)) + other)
    return (struct.pack("!6H", ident, flags, *counts) + message[12:]
            + wire(key) + struct.pack("!HHIH", 250, 255, 0, len(rdata)) + rdata)


def prior(mac):
    return struct.pack("!H", len(mac)) + mac if mac else b""


def sign(message, key, enumerator, size, request_mac=b"", now=NOW):
    algorithm, digest = ALGORITHMS[enumerator]
    mac = hmac.new(secret(size), prior(request_mac) + message + variables(key, algorithm, now), digest).digest()
    return attach(message, key, algorithm, mac, now), mac


def row(*fields):
    print("    {" + ", ".join(f'"{f.hex()}"' if isinstance(f, bytes) else str(f) for f in fields) + "},")


def requests():
    print("constexpr RequestVector request_vectors[] = {")
    for enumerator in ALGORITHMS:
        for size in SECRET_SIZES:
            message = query(0x1234, "_25._tcp.mail.example.com.")
            signed, _ = sign(message, "update.example.", enumerator, size)
            row("TsigAlgorithm::" + enumerator, secret(size), message, NOW, signed)
    message = query(0xFFFF, "example.com.")
    for now in (0, 1, 2**32 - 1, 2**32, 2**48 - 1):  # Time Signed has 48 bits
        signed, _ = sign(message, "k.", "hmac_sha256", 32, now=now)
        row("TsigAlgorithm::hmac_sha256", secret(32), message, now, signed)
    print("};\n")


def answers():
    print("constexpr AnswerVector answer_vectors[] = {")
    for enumerator in ALGORITHMS:
        _, request_mac = sign(query(7, "example.com."), "update.example.", enumerator, 32)
        signed, _ = sign(query(7, "example.com.", 0x8400), "update.example.", enumerator, 32, request_mac)
        row("TsigAlgorithm::" + enumerator, secret(32), request_mac, NOW, signed)
    print("};\n")


def stream():
    """Section 5.3.1: signed, two unsigned, signed, signed."""
    algorithm, digest = ALGORITHMS["hmac_sha384"]
    request_mac = bytes(range(48))
    print("constexpr const char* stream_vector[] = {")
    signed, mac = sign(query(9, "example.com.", 0x8400), "update.example.", "hmac_sha384", 48, request_mac)
    print(f'    "{signed.hex()}",')
    pending = b""
    for number, is_signed in enumerate((False, False, True, True)):
        message = query(9, f"n{number}.example.com.", 0x8400)
        pending += message
        if not is_signed:
            print(f'    "{message.hex()}",')
            continue
        now = NOW + number
        mac = hmac.new(secret(48), prior(mac) + pending + u48(now) + struct.pack("!H", 300), digest).digest()
        pending = b""
        print(f'    "{attach(message, "update.example.", algorithm, mac, now).hex()}",')
    print("};")


if __name__ == "__main__":
    print("// Made by tsig_vectors.py.\n// clang-format off")
    requests()
    answers()
    stream()
