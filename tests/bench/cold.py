"""One name, from a certificate to a record in a signed zone, each tool started anew."""

from authorities import bind, tlsa_records
from support.certificates import Certificate

HOSTS = "abcd"  # a host for each contestant, a port of it for each run

# What an administrator writes without us: hash, query, update, read back.
SCRIPT = """\
digest=$(openssl x509 -in {certificate} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum)
digest=${{digest%% *}}
there=$(dig @{address} -p {port} -k {key} +tcp +short TLSA "$1")
[ -z "$there" ] || exit 1
nsupdate -k {key} <<END || exit 1
server {address} {port}
zone {zone}
update add $1 3600 TLSA 3 1 1 $digest
send
END
dig @{address} -p {port} -k {key} +tcp +short TLSA "$1" | grep -q .
"""

HASH = """\
openssl x509 -in {certificate} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
"""


def run(track):
    zone = bind(track.folder / "cold").zone("example.test", *(f"{host} A 127.0.0.1" for host in HOSTS))
    certificate = Certificate(track.folder)
    facts = {
        "certificate": certificate,
        "address": zone.server.address,
        "port": zone.server.port,
        "key": zone.key.path,
        "zone": zone.name,
    }
    script = track.write("script", SCRIPT.format(**facts))
    hashing = track.write("hash", HASH.format(**facts))

    def publish(number):
        name = f"a.{zone.name}:{number + 1}"
        return track.tlsa_update("publish", *zone.options, "--cert", certificate, name)

    def nsupdate(number):
        digest = certificate.tlsa()
        lines = track.write(
            "lines",
            f"server {zone.server.address} {zone.server.port}\nzone {zone.name}\n"
            f"update add _{number + 1}._tcp.c.{zone.name} 3600 TLSA {digest}\nsend\n",
        )
        return track.time(["nsupdate", "-k", zone.key.path, lines])

    figures = track.race(
        publish=publish,
        script=lambda number: track.time(["sh", script, f"_{number + 1}._tcp.b.{zone.name}"]),
        nsupdate=nsupdate,
        generate=lambda number: track.tlsa_update("generate", "--cert", certificate),
        hashing=lambda number: track.time(["sh", hashing]),
    )
    assert tlsa_records(zone) == 3 * (track.runs + 1), "somebody did not do the work"
    track.compare("cold publish", "wall", figures["publish"], "script", figures["script"], 1 / 8)
    track.compare("cold publish", "wall", figures["publish"], "one nsupdate", figures["nsupdate"], 1)
    track.compare("cold publish", "cpu", figures["publish"], "script", figures["script"])
    track.compare("generate", "wall", figures["generate"], "openssl | sha256sum", figures["hashing"])
