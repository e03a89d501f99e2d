"""A TLS server that first speaks a protocol by a script: what it waits for, what it answers."""

import contextlib
import re
import socket
import ssl
import threading
import time


class ScriptedTls:
    """Serves each connection in a thread. `script` is a list of (expression, octets): once what has been received
    since the last answer matches the expression, the octets are sent; an empty expression sends at once, a number
    of seconds later."""

    def __init__(self, certificates, script=(), address="127.0.0.1", port=0):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for certificate in certificates:
            self.context.load_cert_chain(certificate.path, certificate.key_path)
        self.script = script
        self.listener = socket.create_server((address, port))
        self.at = "%s:%d" % self.listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):  # of the listener: stop()
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            for expression, answer in self.script:
                if isinstance(expression, float):
                    time.sleep(expression)
                else:
                    self._hear(connection, expression)
                connection.sendall(answer)
            with self.context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)

    @staticmethod
    def _hear(connection, expression):
        heard = b""
        while not re.search(expression, heard):
            octets = connection.recv(4096)
            if not octets:
                raise ConnectionError("hung up")
            heard += octets

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
