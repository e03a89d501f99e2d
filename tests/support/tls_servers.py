"""Servers with TLS as Debian packages them: nginx, OpenLDAP and stunnel, each in the test's own folder."""

import socket

from support.server import Server, private_copy


def accepts(address, port):
    try:
        socket.create_connection((address, port), 2).close()
        return True
    except OSError:
        return False


class Nginx(Server):
    """HTTPS with one certificate of each kind of key. `is_strict`: for names that it does not know it has none."""

    def __init__(self, folder, certificates, name="mail.example.test", is_strict=False):
        super().__init__(folder)
        self.certificates, self.name, self.is_strict = certificates, name, is_strict

    def configure(self):
        listen = f"listen {self.address}:{self.reserved_port} ssl"
        pairs = "".join(f"ssl_certificate {one}; ssl_certificate_key {one.key_path};\n" for one in self.certificates)
        strict = f"server {{ {listen} default_server; ssl_reject_handshake on; }}\n" if self.is_strict else ""
        # Its own temporary files; else it wants those of the system.
        places = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
        (self.folder / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.folder}/pid; error_log {self.folder}/log info;\n"
            f"events {{ }}\nhttp {{ access_log off;\n{places}{strict}"
            f"server {{ {listen}; server_name {self.name};\n{pairs} }}\n}}\n"
        )

    def command(self):
        return [private_copy("nginx"), "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "log")]

    def is_ready(self):
        return accepts(self.address, self.reserved_port)


class Slapd(Server):
    """OpenLDAP with StartTLS. Debian's is built with GnuTLS, which hangs up where it has no key of the kind."""

    def __init__(self, folder, certificate):
        super().__init__(folder)
        self.certificate = certificate

    def configure(self):
        (self.folder / "slapd.conf").write_text(
            f"pidfile {self.folder}/pid\nloglevel stats\n"
            f"TLSCertificateFile {self.certificate}\nTLSCertificateKeyFile {self.certificate.key_path}\n"
            "TLSVerifyClient never\ndatabase config\n"
        )

    def command(self):
        url = f"ldap://{self.address}:{self.reserved_port}/"
        return [private_copy("slapd"), "-f", str(self.folder / "slapd.conf"), "-h", url, "-d", "stats"]

    def is_ready(self):
        return accepts(self.address, self.reserved_port)


class Stunnel(Server):
    """TLS in front of nothing, for those alone who present a certificate of `authority`."""

    def __init__(self, folder, certificate, authority):
        super().__init__(folder)
        self.certificate, self.authority = certificate, authority

    def configure(self):
        (self.folder / "stunnel.conf").write_text(
            f"foreground = yes\npid = {self.folder}/pid\noutput = {self.folder}/log\nsslVersionMax = TLSv1.2\n"
            f"[mail]\naccept = {self.address}:{self.reserved_port}\nconnect = {self.address}:9\n"
            f"cert = {self.certificate}\nkey = {self.certificate.key_path}\n"
            f"CAfile = {self.authority}\nverifyChain = yes\n"
        )

    def command(self):
        return [private_copy("stunnel4"), str(self.folder / "stunnel.conf")]

    def is_ready(self):
        return accepts(self.address, self.reserved_port)
