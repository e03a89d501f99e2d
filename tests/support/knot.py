"""Knot DNS: a signing primary."""

import functools
import re
import subprocess

from support.authority import Authority
from support.server import free_port, private_copy

CONFIGURATION = """\
server:
  rundir: {folder}
  listen: {address}@{port}
{tls}  tcp-workers: 2
  udp-workers: 1
  background-workers: 1
log:
  - target: {folder}/log
    any: info
database:
  storage: {folder}/database
  journal-db-max-size: {journal}
  kasp-db-max-size: 16M
  timer-db-max-size: 16M
  catalog-db-max-size: 16M
policy:
  - id: quick
    algorithm: ecdsap256sha256
    single-type-signing: on
template:
  - id: default
    storage: {folder}
    file: "%s.zone"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
"""


@functools.cache
def version():
    """Such as (3, 4), of "knotd (Knot DNS), version 3.2.6" or "knotd, Knot DNS 3.4.6"."""
    said = subprocess.run([private_copy("knotd"), "-V"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))


class Knot(Authority):
    journal = "64M"
    certificate = None  # with one, tls_port speaks DNS over TLS

    def gives_reasons(self):
        """Until 3.4 it told in the answer's TSIG that it does not know a key, or that an acl denies a name."""
        return version() < (3, 4)

    def speak_tls(self, certificate):
        self.certificate = certificate
        self.tls_port = free_port(self.address)

    def configure(self):
        (self.folder / "database").mkdir(exist_ok=True)
        for zone in self.zones:
            (self.folder / f"{zone.name}.zone").write_text(zone.file_text())
        sections = [
            CONFIGURATION.format(
                folder=self.folder,
                address=self.address,
                port=self.reserved_port,
                tls=self._tls(),
                journal=self.journal,
            ),
            "key:",
            *map(self._key, self.keys),
            "acl:",
            self._item(id="readers", key=[key.name for key in self.keys], action="transfer"),
            *map(self._writer, self.zones),
        ]
        followers = {server for zone in self.zones for server in zone.notifies}
        if followers:
            sections += ["remote:", *map(self._follower, followers)]
        sections += ["zone:", *map(self._zone, self.zones)]
        (self.folder / "knot.conf").write_text("\n".join(sections) + "\n")

    def _tls(self):
        if not self.certificate:
            return ""
        files = {"cert-file": self.certificate.path, "key-file": self.certificate.key_path}
        fields = files | {"listen-tls": f"{self.address}@{self.tls_port}"}
        return "".join(f"  {name}: {value}\n" for name, value in fields.items())

    @staticmethod
    def _item(**fields):
        """One item of a section; a list is written as Knot writes them."""
        lines = [
            f"{name.replace('_', '-')}: {str(value).translate({39: None})}" for name, value in fields.items()
        ]
        return "  - " + "\n    ".join(lines)

    def _key(self, key):
        return self._item(id=key.name, algorithm=key.algorithm, secret=key.secret)

    def _writer(self, zone):
        fields = {"action": "update", "update_type": list(zone.allow)}
        if zone.granted:
            fields |= {"update_owner": "name", "update_owner_match": "equal"}
            fields |= {"update_owner_name": [zone.full(owner) for owner in zone.granted]}
        return self._item(id=f"writer-of-{zone.name}", key=zone.key.name, **fields)

    def _follower(self, server):
        port = server.reserved_port
        return self._item(id=f"follower-{port}", address=f"{server.address}@{port}")

    def _zone(self, zone):
        fields = {"domain": zone.name, "acl": ["readers", f"writer-of-{zone.name}"]}
        if zone.signing == "policy":
            fields |= {"dnssec_signing": "on", "dnssec_policy": "quick"}
        if zone.notifies:
            fields["notify"] = [f"follower-{server.reserved_port}" for server in zone.notifies]
        return self._item(**fields)

    def command(self):
        return [
            private_copy("knotd"),
            "-c",
            str(self.folder / "knot.conf"),
            "-s",
            str(self.folder / "knot.sock"),
        ]

    def updates(self):
        """How many UPDATE messages it has begun to apply."""
        return self.log().count("DDNS, processing")
