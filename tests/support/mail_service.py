"""A mail service of which the certificate switches: SMTP with STARTTLS, in a process of its own that reads
its chains and keys again when it is told to by SIGHUP, as a mail server does on a reload."""

import contextlib
import pathlib
import shutil
import signal
import socket
import ssl
import sys
import threading
import types

from support.mail import Postfix
from support.server import Server


class Pairs:
    """Serves what lies in its own folder: `chain-0.pem` with `key-0.pem`, and so on, one pair a certificate."""

    def lay_out(self, certificates, port):
        self.reserved_port = port or self.reserved_port
        self.pairs = [
            (self.folder / f"chain-{n}.pem", self.folder / f"key-{n}.pem") for n in range(len(certificates))
        ]
        self.put(*certificates)

    def put(self, *certificates):
        """As somebody else's script would install them; they are served after the next reload."""
        for certificate, (chain, key) in zip(certificates, self.pairs):
            shutil.copy(certificate.path, chain)
            shutil.copy(certificate.key_path, key)


class RenewedPostfix(Pairs, Postfix):
    """The real thing. Its master wants to be root."""

    def __init__(self, folder, *certificates, address="127.0.0.1", port=None):
        super().__init__(folder, certificates, address=address)
        self.lay_out(certificates, port)
        self.certificates = [types.SimpleNamespace(path=chain, key_path=key) for chain, key in self.pairs]

    @property
    def reload(self):
        assert self.port
        return f"postfix -c {self.configuration} reload"


class MailService(Pairs, Server):
    """As little of a mail server as somebody needs who only looks at its certificate."""

    module = "support.mail_service"  # what the process runs

    def __init__(self, folder, *certificates, address="127.0.0.1", port=None):
        super().__init__(folder, address)
        self.lay_out(certificates, port)

    @property
    def reload(self):
        """The command that an administrator configures."""
        assert self.port
        return f"kill -HUP {self.process.pid}"

    def hang_up(self):
        """The reload, by hand."""
        self.process.send_signal(signal.SIGHUP)

    def configure(self):
        """Nothing: all that it needs is in its arguments."""

    def command(self):
        files = [str(path) for pair in self.pairs for path in pair]
        tests = pathlib.Path(__file__).parent.parent
        python = ["env", f"PYTHONPATH={tests}", sys.executable, "-B", "-m", self.module]
        return [*python, self.address, str(self.reserved_port), *files]

    def is_ready(self):
        with contextlib.suppress(OSError), socket.create_connection(
            (self.address, self.reserved_port), 2
        ) as peer:
            return peer.recv(100).startswith(b"220 ")
        return False


class Peers:
    """The other side: what the process does."""

    def __init__(self, pairs):
        self.pairs = pairs
        self.read_files()

    def read_files(self, *_):
        try:
            self.context = self.load()
        except OSError as error:
            print(f"keeps what it has: {error}", flush=True)

    def load(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for chain, key in self.pairs:
            context.load_cert_chain(chain, key)
        return context

    def serve(self, listener):
        signal.signal(signal.SIGHUP, self.read_files)
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=self.greet, args=(peer, self.context), daemon=True).start()

    def greet(self, peer, context):
        """RFC 3207, as far as anybody needs it who only looks at a certificate."""
        with contextlib.suppress(OSError), peer:
            peer.settimeout(10)
            peer.sendall(b"220 mail.example.test ESMTP\r\n")
            with peer.makefile("rb") as lines:
                for line in lines:
                    if line.upper().startswith(b"STARTTLS"):
                        peer.sendall(b"220 go ahead\r\n")
                        break
                    peer.sendall(b"250-mail.example.test\r\n250 STARTTLS\r\n")
            self.serve_tls(peer, context)

    @staticmethod
    def serve_tls(peer, context):
        with context.wrap_socket(peer, server_side=True) as connection:
            connection.recv(1)


def main(peers, address, port, *files):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, int(port)), family=family, backlog=100)
    peers(list(zip(files[::2], files[1::2]))).serve(listener)


if __name__ == "__main__":
    main(Peers, *sys.argv[1:])
