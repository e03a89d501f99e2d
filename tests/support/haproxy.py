"""HAProxy: one address before several machines, which take turns."""

import contextlib
import socket

from support.server import Server, private_copy

CONFIGURATION = """\
global
    maxconn 100
defaults
    mode tcp
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen mail
    bind {address}:{port}
    balance roundrobin
{machines}
"""


class Haproxy(Server):
    """Each connection goes to the next of `machines`, which are servers too."""

    def __init__(self, folder, machines, address="127.0.0.1", port=None):
        super().__init__(folder, address, port)
        self.machines = machines

    def configure(self):
        lines = [f"    server m{n} {one.address}:{one.port}" for n, one in enumerate(self.machines)]
        words = {"address": self.address, "port": self.reserved_port, "machines": "\n".join(lines)}
        (self.folder / "haproxy.cfg").write_text(CONFIGURATION.format(**words))

    def command(self):
        return [private_copy("haproxy"), "-db", "-f", str(self.folder / "haproxy.cfg")]

    def is_ready(self):
        with contextlib.suppress(OSError), socket.create_connection((self.address, self.reserved_port), 2) as peer:
            return peer.recv(100).startswith(b"220 ")
        return False
