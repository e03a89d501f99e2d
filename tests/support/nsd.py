"""NSD: a secondary, which signs nothing and takes no updates."""

from support.authority import Authority
from support.server import private_copy

CONFIGURATION = """\
server:
    ip-address: {address}@{port}
    username: ""
    zonesdir: "{folder}"
    database: ""
    zonelistfile: "{folder}/zones"
    pidfile: "{folder}/pid"
    xfrdfile: "{folder}/xfrd"
    xfrdir: "{folder}"
    logfile: "{folder}/log"
    server-count: 1
    verbosity: 2
    xfrd-reload-timeout: 0
remote-control:
    control-enable: no
"""


class Nsd(Authority):
    def configure(self):
        sections = [CONFIGURATION.format(folder=self.folder, address=self.address, port=self.reserved_port)]
        (self.folder / "nsd.conf").write_text(
            "".join(sections + list(map(self._key, self.keys)) + list(map(self._zone, self.zones)))
        )

    @staticmethod
    def _key(key):
        return f'key:\n    name: "{key.name}"\n    algorithm: {key.algorithm}\n    secret: "{key.secret}"\n'

    def _zone(self, zone):
        text = (
            f'zone:\n    name: "{zone.name}"\n    zonefile: "{zone.name}.zone"\n'
            f"    provide-xfr: 0.0.0.0/0 {zone.key.name}\n"
        )
        if not zone.primary:
            (self.folder / f"{zone.name}.zone").write_text(zone.file_text())
            return text
        primary = zone.primary.server
        return text + (
            f"    request-xfr: AXFR {primary.address}@{primary.port} {zone.key.name}\n"
            f"    allow-notify: {primary.address} NOKEY\n"
        )

    def command(self):
        return [private_copy("nsd"), "-d", "-c", str(self.folder / "nsd.conf")]
