"""A service that presents a certificate by TLS from the first octet on, and says nothing more."""

import itertools
import socket
import ssl
import threading


class Service:
    def __init__(self, certificate, address="127.0.0.1", port=0):
        self._listener = socket.create_server((address, port))
        self.port = self._listener.getsockname()[1]
        self.present(certificate)
        threading.Thread(target=self._serve, daemon=True).start()

    def present(self, *certificates):
        """From now on, as after a reload; several in turn, a connection each, as machines behind one address do."""
        contexts = []
        for certificate in certificates:
            contexts.append(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            contexts[-1].load_cert_chain(certificate.path, certificate.key_path)
        self._contexts = itertools.cycle(contexts)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return  # stopped
            threading.Thread(target=self._greet, args=(peer, next(self._contexts)), daemon=True).start()

    @staticmethod
    def _greet(peer, context):
        peer.settimeout(5)
        try:
            with context.wrap_socket(peer, server_side=True) as connection:
                connection.recv(1)
        except OSError:  # a peer that offers only kinds of keys that we have not, or that went
            pass
