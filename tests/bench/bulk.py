"""Many new names in one signed zone."""

from authorities import bind, knot, tlsa_records, wait_until_signed
from support.certificates import Certificate

A_MESSAGE = 500  # adds, of the peer


def run(track):
    for kind in (bind, knot):
        track.say(f"bulk, {kind.__name__}")
        publish_in_bulk(track, kind)


def publish_in_bulk(track, kind):
    """Each run has a zone of its own."""
    count = track.size(2000)
    server = kind(track.folder / f"bulk-{kind.__name__}")
    hosts = [f"h{number}" for number in range(count)]
    addresses = [f"{host} A 127.0.0.1" for host in hosts]
    ours = [server.zone(f"ours{number}.test", *addresses) for number in range(track.runs + 1)]
    theirs = [server.zone(f"theirs{number}.test", *addresses) for number in range(track.runs + 1)]
    for zone in (*ours, *theirs):
        wait_until_signed(zone, hosts)
    certificate = Certificate(track.folder)

    def publish(number):
        zone = ours[number]
        names = track.write("names", "".join(f"{host}.{zone.name}:25\n" for host in hosts))
        return track.tlsa_update("publish", *zone.options, "--cert", certificate, "--names-from", names)

    def knsupdate(number):
        zone = theirs[number]
        lines = [f"server {server.address} {server.port}", f"zone {zone.name}."]
        for index, host in enumerate(hosts, 1):
            lines.append(f"update add _25._tcp.{host}.{zone.name}. 3600 TLSA {certificate.tlsa()}")
            if index % A_MESSAGE == 0 or index == count:
                lines.append("send")
        key = f"{zone.key.algorithm}:{zone.key.name}:{zone.key.secret}"
        return track.time(["knsupdate", "-v", "-y", key, track.write("lines", "\n".join(lines) + "\n")])

    figures = track.race(publish=publish, knsupdate=knsupdate)
    for zone in (ours[-1], theirs[-1]):
        assert tlsa_records(zone) == count, f"{zone.name} does not hold every name"
    what = f"{count} new names, {kind.__name__}"
    track.compare(what, "wall", figures["publish"], "knsupdate", figures["knsupdate"], 1.3)
    track.compare(what, "cpu", figures["publish"], "knsupdate", figures["knsupdate"])
