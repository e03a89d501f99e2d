"""A resolver that answers so many questions, and leaves all others without an answer, as those do that limit rates."""

import contextlib
import socket
import threading

import dns.flags
import dns.message


class RateLimitedResolver:
    """Says that no name has any records."""

    def __init__(self, answers):
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.at = f"127.0.0.1@{self._socket.getsockname()[1]}"
        self.asked = set()  # names
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                octets, peer = self._socket.recvfrom(65535)
                query = dns.message.from_wire(octets)
                self.asked.add(query.question[0].name.to_text())
                self._answers -= 1
                if self._answers < 0:
                    continue
                response = dns.message.make_response(query, recursion_available=True)
                self._socket.sendto(response.to_wire(), peer)
