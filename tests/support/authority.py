"""What BIND, Knot and NSD have in common as tests see them: zones, keys, and secondaries that follow."""

from support.dns import TsigKey, Zone
from support.server import Server


class Authority(Server):
    """An authoritative server. `zone` and `key` come before it is first spoken to."""

    def __init__(self, folder, address="127.0.0.1", port=None):
        super().__init__(folder, address, port)
        self.keys = []
        self.zones = []

    def key(self, name="update-key", algorithm="hmac-sha256"):
        """A key that the server knows. It may read everything and write what a zone was given it for."""
        self.keys.append(TsigKey(self.folder, name, algorithm))
        return self.keys[-1]

    def zone(self, name, *records, key=None, signing="policy", allow=("TLSA",)):
        """A zone that `key` may update with the types of `allow`.

        signing: "policy": by the server; "inline": by BIND, apart from the zone that is updated; None: not at
        all; "file": `records` is a whole zone file, signed or not, and is served as it is.
        """
        assert not self.process, "zones come before the server is first spoken to"
        self.zones.append(Zone(self, name, records, key or self._own_key(), signing, allow))
        return self.zones[-1]

    def follow(self, primary, notified=True, signing=None):
        """Serves as a secondary of the zone `primary`: told of each change, or left to lag. signing: "inline": BIND
        signs what it transfers."""
        if primary.key not in self.keys:
            self.keys.append(primary.key)
        self.zones.append(Zone(self, primary.name, (), primary.key, signing or primary.signing, (), primary))
        if notified:
            assert (
                not primary.server.process
            ), "who is notified is known before the primary is first spoken to"
            primary.notifies.append(self)
        return self.zones[-1]

    def _own_key(self):
        return self.keys[0] if self.keys else self.key()

    def is_ready(self):
        return all(zone.is_served() for zone in self.zones)
