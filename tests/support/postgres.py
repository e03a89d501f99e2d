"""PostgreSQL with a certificate. It refuses to be root."""

import os
import pathlib
import shutil
import socket
import subprocess

from support.server import OpenServer

SETTINGS = """\
listen_addresses = '{address}'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_cert_file = '{folder}/certificate.pem'
ssl_key_file = '{folder}/certificate.key'
fsync = off
"""


def programs():
    """The folder of the newest PostgreSQL that Debian has installed, if any."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return found[-1] if found else None


class Postgres(OpenServer):
    """One database cluster of its own. It has one certificate: there is no second setting for another kind of key."""

    def __init__(self, folder, certificate, **more):
        super().__init__(folder, **more)
        self.certificate = certificate

    def as_another_user(self, *command):
        if os.geteuid() != 0:
            return list(command)
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]

    def configure(self):
        for source, name in ((self.certificate.path, "certificate.pem"), (self.certificate.key_path, "certificate.key")):
            shutil.copy(source, self.folder / name)
            (self.folder / name).chmod(0o600)
        if os.geteuid() == 0:
            for file in (self.folder, *self.folder.iterdir()):
                shutil.chown(file, "nobody", "nogroup")
        data = self.folder / "cluster"
        if not data.exists():
            subprocess.run(self.as_another_user(programs() / "initdb", "--no-sync", "--no-locale", "-A", "trust", "-D", data),
                           check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        words = {"address": self.address, "port": self.reserved_port, "folder": self.folder}
        (data / "postgresql.conf").write_text(SETTINGS.format(**words))

    def command(self):
        return self.as_another_user(str(programs() / "postgres"), "-D", str(self.folder / "cluster"))

    def is_ready(self):
        try:
            with socket.create_connection((self.address, self.reserved_port), 5) as connection:
                connection.sendall(bytes.fromhex("0000000804d2162f"))
                return connection.recv(1) == b"S"
        except OSError:
            return False
