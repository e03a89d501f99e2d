"""PowerDNS with a SQLite database: a primary that signs as it answers, and compares records as text."""

import contextlib
import pathlib
import sqlite3
import subprocess
import tempfile

from support.authority import Authority
from support.server import private_copy

SCHEMA = pathlib.Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
CONFIGURATION = """\
setuid=
setgid=
guardian=no
daemon=no
socket-dir={sockets}
local-address={address}
local-port={port}
launch=gsqlite3
gsqlite3-database={folder}/zones.db
gsqlite3-pragma-synchronous=0
gsqlite3-dnssec=yes
zone-cache-refresh-interval=0
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
domain-metadata-cache-ttl=0
receiver-threads=1
distributor-threads=1
primary=yes
{more}
"""


class PowerDns(Authority):
    """`more` goes into pdns.conf as it stands. `pdnsutil(...)` is the tool of that name, on this server's database,
    before or after the start."""

    more = "dnsupdate=yes"
    nsec3 = None  # the words that `pdnsutil set-nsec3` takes; None: NSEC
    is_keyed = True  # updates need the zone's key; else PowerDNS takes them from whoever sends them
    may_transfer = True

    def __init__(self, folder, address="127.0.0.1"):
        super().__init__(folder, address)
        self.sockets = tempfile.TemporaryDirectory(prefix="pdns-")  # a path of a socket holds 107 octets

    def configure(self):
        (self.folder / "pdns.conf").write_text(
            CONFIGURATION.format(
                folder=self.folder,
                sockets=self.sockets.name,
                address=self.address,
                port=self.reserved_port,
                more=self.more,
            )
        )
        if (self.folder / "zones.db").exists():
            return
        with contextlib.closing(sqlite3.connect(self.folder / "zones.db")) as database:
            database.executescript(SCHEMA.read_text())
        self.fill()

    def fill(self):
        for key in self.keys:
            self.pdnsutil("import-tsig-key", key.name, key.algorithm, key.secret)
        for zone in self.zones:
            file = self.folder / f"{zone.name}.zone"
            file.write_text(zone.file_text())
            self.pdnsutil("load-zone", zone.name, file)
            if self.is_keyed:
                self.pdnsutil("set-meta", zone.name, "TSIG-ALLOW-DNSUPDATE", zone.key.name)
            if self.may_transfer:
                self.pdnsutil("set-meta", zone.name, "TSIG-ALLOW-AXFR", *(key.name for key in self.keys))
            if zone.signing:
                self.pdnsutil("secure-zone", zone.name)
            if zone.signing and self.nsec3:
                self.pdnsutil("set-nsec3", zone.name, *self.nsec3)

    def pdnsutil(self, *words):
        done = subprocess.run(
            [private_copy("pdnsutil"), f"--config-dir={self.folder}", *map(str, words)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"pdnsutil {words[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def execute(self, statement, *values):
        """SQL on the zones' database: what other tools than PowerDNS do."""
        with contextlib.closing(sqlite3.connect(self.folder / "zones.db", timeout=10)) as database, database:
            return database.execute(statement, values).fetchall()

    def command(self):
        return [private_copy("pdns_server"), f"--config-dir={self.folder}"]
