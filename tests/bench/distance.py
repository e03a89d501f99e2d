"""Many owners read by query, one round trip of 20 ms away."""

from authorities import bind, wait_until_signed
from support.certificates import Certificate
from support.delay import Delay

ROUND_TRIP = 0.02  # seconds


def run(track):
    """Half of the owners are published; of the others only the hosts are there."""
    count = track.size(10_000)
    certificate = Certificate(track.folder)
    hosts = [f"h{number}" for number in range(count)]
    records = [f"{host} A 127.0.0.1" for host in hosts]
    records += [f"_25._tcp.{host} TLSA {certificate.tlsa()}" for host in hosts[::2]]
    zone = bind(track.folder / "distance").zone("example.test", *records)
    names = track.write("far", "".join(f"{host}.{zone.name}:25\n" for host in hosts))
    wait_until_signed(zone, hosts)
    far = Delay(zone.server, ROUND_TRIP)

    def publish(number):
        words = ["--cert", certificate, "--names-from", names, "--read", "query", "--dry-run"]
        return track.tlsa_update("publish", "--server", far.at, *zone.key.options, *words, exits=1)

    try:
        figures = track.race(publish=publish)
    finally:
        far.stop()
    track.bound(f"{count} owners by query, 20 ms away", "wall", figures["publish"], 3)
