"""A mail service whose TLS is GnuTLS, as Exim's is on Debian: MailService otherwise."""

import ctypes
import sys

from support.mail_service import MailService, Peers, main

SERVER, CREDENTIALS_CERTIFICATE, FORMAT_PEM = 1, 1, 1  # gnutls/gnutls.h


class GnutlsService(MailService):
    module = "support.gnutls"


class GnutlsPeers(Peers):
    """The other side."""

    def load(self):
        self.library = ctypes.CDLL("libgnutls.so.30")
        credentials = ctypes.c_void_p()
        self._call("gnutls_certificate_allocate_credentials", ctypes.byref(credentials))
        for chain, key in self.pairs:
            files = (str(chain).encode(), str(key).encode())
            self._call("gnutls_certificate_set_x509_key_file", credentials, *files, FORMAT_PEM)
        return credentials

    def serve_tls(self, peer, credentials):
        peer.setblocking(True)
        session = ctypes.c_void_p()
        self._call("gnutls_init", ctypes.byref(session), SERVER)
        try:
            self._call("gnutls_set_default_priority", session)
            self._call("gnutls_credentials_set", session, CREDENTIALS_CERTIFICATE, credentials)
            self.library.gnutls_transport_set_int2(session, peer.fileno(), peer.fileno())
            outcome = self.library.gnutls_handshake(session)
            if outcome < 0:
                self.library.gnutls_alert_send_appropriate(session, outcome)  # GnuTLS leaves that to the application
                return
            self.library.gnutls_record_recv(session, ctypes.create_string_buffer(1), ctypes.c_size_t(1))
            self.library.gnutls_bye(session, 1)
        finally:
            self.library.gnutls_deinit(session)

    def _call(self, name, *arguments):
        outcome = getattr(self.library, name)(*arguments)
        if outcome < 0:
            self.library.gnutls_strerror.restype = ctypes.c_char_p
            raise OSError(f"{name}: {self.library.gnutls_strerror(outcome).decode()}")


if __name__ == "__main__":
    main(GnutlsPeers, *sys.argv[1:])
