"""A service that presents the certificate of a folder, and the records of what lies there."""

import contextlib
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class TlsFolder:
    """A TLS server that presents what lies in its folder."""

    def __init__(self, folder, port=0, address="127.0.0.1"):
        self.folder = folder
        self.folder.mkdir(exist_ok=True)
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # of the listener: stop()
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.folder / "fullchain.pem", self.folder / "privkey.pem")
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def record(public_key):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return f"3 1 1 {digest.finalize().hex()}"


def record_of_chain(path):
    return record(x509.load_pem_x509_certificate(path.read_bytes()).public_key())


def record_of_key(path):
    return record(serialization.load_pem_private_key(path.read_bytes(), None).public_key())
