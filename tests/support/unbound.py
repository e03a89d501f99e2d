"""Unbound: a validating resolver that finds the zones it is given at the servers that serve them."""

import dns.exception
import dns.message
import dns.query

from support.server import Server, private_copy

CONFIGURATION = """\
server:
    interface: {address}
    port: {port}
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    logfile: "{folder}/log"
    use-syslog: no
    verbosity: 1
    val-log-level: 2
    module-config: "validator iterator"
    do-not-query-localhost: no
    local-zone: "." static
remote-control:
    control-enable: no
"""


class Unbound(Server):
    """`more` goes into the server clause of unbound.conf as it stands, a line each."""

    more = ()

    def __init__(self, folder, address="127.0.0.1", port=None):
        super().__init__(folder, address, port)
        self.zones = []
        self.trusted = []

    def resolve(self, *zones):
        """Answers for `zones`; as secure for those that it is told to trust."""
        self.zones += zones

    def trust(self, *zones):
        self.trusted += zones

    def configure(self):
        lines = [CONFIGURATION.format(folder=self.folder, address=self.address, port=self.reserved_port)]
        anchors = [anchor for zone in self.trusted for anchor in zone.dnskey()]
        lines += [f"server:\n    {line}\n" for line in self.more]
        lines += [f'server:\n    trust-anchor: "{anchor}"\n' for anchor in anchors]
        # Of what it is not told it knows that there is none, at once: there is no network to ask.
        lines += [f'server:\n    local-zone: "{zone.name}" transparent\n' for zone in self.zones]
        lines += [
            f'stub-zone:\n    name: "{zone.name}"\n    stub-addr: {zone.server.at}\n' for zone in self.zones
        ]
        (self.folder / "unbound.conf").write_text("".join(lines))

    def command(self):
        return [private_copy("unbound"), "-d", "-c", str(self.folder / "unbound.conf")]

    def is_ready(self):
        query = dns.message.make_query("id.server.", "TXT", "CH")
        try:
            dns.query.tcp(query, self.address, port=self.reserved_port, timeout=2)
        except (OSError, EOFError, dns.exception.DNSException):
            return False
        return True
