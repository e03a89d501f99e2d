"""A zone of a million records: transferred, and held against what is wanted."""

import subprocess
import time

import dns.message
import dns.query
import dns.rdatatype

from authorities import bind
from support.certificates import Certificate

WANTED = 1000  # names
MISSING = 10  # one name in so many is not published


def zone_records(certificate, count, wanted):
    yield from (f"h{number} AAAA 2001:db8::{number >> 16:x}:{number & 0xFFFF:x}" for number in range(count))
    for number in set(range(wanted)) - set(range(0, wanted, MISSING)):
        yield f"_25._tcp.h{number} TLSA {certificate.tlsa()}"


def signed_request(zone):
    """As it goes over TCP. Asked for anew each time: a server takes it for five minutes."""
    query = dns.message.make_query(zone.name, dns.rdatatype.AXFR, flags=0)
    zone.key.sign(query)
    wire = query.to_wire()
    return len(wire).to_bytes(2, "big") + wire


def run(track):
    count, wanted = track.size(1_000_000), track.size(WANTED)
    certificate = Certificate(track.folder)
    zone = bind(track.folder / "transfer").zone(
        "example.test", *zone_records(certificate, count, wanted), signing=None
    )
    names = track.write("wanted", "".join(f"h{number}.{zone.name}:25\n" for number in range(wanted)))
    address, port = zone.server.address, zone.server.port
    drain = str(track.bench / "drain")

    def drained(octets):
        request = track.write("request", signed_request(zone))
        return [drain, address, port, octets], request

    def bare(number):
        command, request = drained(octets)
        return track.time(command, stdin=request)

    command, request = drained(0)
    octets = subprocess.run(
        list(map(str, command)), stdin=open(request, "rb"), capture_output=True, check=True, text=True
    ).stdout.strip()

    def publish(number):
        words = ["--cert", certificate, "--names-from", names, "--read", "axfr", "--dry-run", "--assume-deployed"]
        return track.tlsa_update("publish", *zone.options, *words, exits=1)

    def dig(number):
        return track.time(["dig", f"@{address}", "-p", port, "-k", zone.key.path, "AXFR", zone.name])

    def kdig(number):
        key = f"{zone.key.algorithm}:{zone.key.name}:{zone.key.secret}"
        return track.time(["kdig", f"@{address}", "-p", port, "-y", key, "AXFR", zone.name])

    figures = track.race(publish=publish, drain=bare, dig=dig, kdig=kdig)
    what = f"AXFR and diff of {count} records"
    track.compare(what, "wall", figures["publish"], "bare drain", figures["drain"], 1.1)
    track.compare(what, "cpu", figures["publish"], "dig", figures["dig"], 1 / 4)
    track.bound(what, "memory", figures["publish"], 24)
    track.compare(what, "wall", figures["publish"], "dig", figures["dig"])
    track.compare(what, "cpu", figures["publish"], "kdig", figures["kdig"])
