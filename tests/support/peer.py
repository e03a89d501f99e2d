"""A TCP server without a protocol."""

import contextlib
import socket
import threading


class Peer:
    """Accepts whoever comes and does what `script`, a function of the connection, does."""

    def __init__(self, script, address="127.0.0.1", port=0):
        self._script = script
        self._ended = threading.Event()
        self._listener = socket.create_server((address, port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            self._script(connection, self._ended)
