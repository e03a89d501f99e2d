"""Mail servers with certificates: Postfix and Dovecot, as Debian packages them."""

import contextlib
import functools
import grp
import os
import pwd
import re
import shutil
import socket
import subprocess

from support.server import OpenServer, free_port

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example.test
inet_interfaces = {address}
inet_protocols = ipv4
mynetworks = {address}/32
alias_maps =
smtpd_tls_security_level = may
smtpd_tls_chain_files = {chains}
"""

MASTER_CF = """\
{address}:{port} inet n - n - - smtpd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
postlog unix-dgram n - n - 1 postlogd
"""

# What Dovecot 2.3 and 2.4 call by different names.
DOVECOT_2_3 = """\
protocols = imap pop3
ssl_cert = <{certificate.path}
ssl_key = <{certificate.key_path}
{others}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}
}}
"""

DOVECOT_2_4 = """\
dovecot_config_version = {version}
dovecot_storage_version = {version}
protocols = imap pop3
ssl_server_cert_file = {certificate.path}
ssl_server_key_file = {certificate.key_path}
{others}
passdb static {{
  fields {{
    nopassword = yes
  }}
}}
userdb static {{
  fields {{
    uid = {user}
    gid = {group}
    home = {folder}
  }}
}}
"""

DOVECOT_CONF = """\
base_dir = {folder}/run
log_path = {folder}/log
listen = {address}
ssl = yes
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""

# Who is not root can be nobody else: no other users, no chroot.
DOVECOT_UNPRIVILEGED = """\
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
}}
service pop3-login {{
  chroot =
}}
"""


class Mail(OpenServer):
    def __init__(self, folder, certificates, **more):
        super().__init__(folder, **more)
        self.certificates = certificates

    def greets(self, port):
        try:
            with socket.create_connection((self.address, port), 5) as connection:
                connection.settimeout(5)
                return bool(connection.recv(1))
        except OSError:
            return False


class Postfix(Mail):
    """One smtpd with every certificate at once. Its master wants to be root. Its configuration has a folder of its own:
    of everything below it that is not root's, Postfix warns, by a process each. Its start is a script of many more.
    `more`: lines of main.cf; `more_ports`: further ones of smtpd."""

    patience = 60
    master = MASTER_CF

    def __init__(self, folder, certificates, more=(), more_ports=(), **others):
        super().__init__(folder, certificates, **others)
        self.more, self.more_ports = more, more_ports

    @property
    def configuration(self):
        return self.folder / "configuration"

    def configure(self):
        chains = ", ".join(str(file) for certificate in self.certificates
                           for file in (certificate.key_path, certificate.path))
        words = {"folder": self.folder, "address": self.address, "port": self.reserved_port, "chains": chains}
        self.configuration.mkdir(exist_ok=True)
        ports = [f"{self.address}:{port} inet n - n - - smtpd\n" for port in self.more_ports]
        main, master = [MAIN_CF, *(f"{line}\n" for line in self.more)], [self.master, *ports]
        for name, text in (("main.cf", "".join(main)), ("master.cf", "".join(master))):
            (self.configuration / name).write_text(text.format(**words))
        for name, owner in (("queue", "root"), ("data", "postfix")):
            (self.folder / name).mkdir(exist_ok=True)
            shutil.chown(self.folder / name, owner)

    def command(self):
        return ["postfix", "-c", str(self.configuration), "start-fg"]

    def is_ready(self):
        return self.greets(self.reserved_port)

    def stop(self):
        """What was started is a script; the master that it waits for is stopped by Postfix's own command."""
        if self.process:
            subprocess.run(["postfix", "-c", str(self.configuration), "stop"], stderr=subprocess.DEVNULL)
        super().stop()


class Postscreen(Postfix):
    """Postfix behind postscreen(8), as Debian's master.cf has it in comments."""

    master = MASTER_CF.replace("{address}:{port} inet n - n - - smtpd", "\n".join((
        "{address}:{port} inet n - n - 1 postscreen", "smtpd pass - - n - - smtpd", "tlsproxy unix - - n - 0 tlsproxy",
        "dnsblog unix - - n - 0 dnsblog")))  # fmt: skip

    def is_ready(self):
        with contextlib.suppress(OSError), socket.create_connection((self.address, self.reserved_port), 5):
            return True
        return False


@functools.cache
def dovecot_version():
    """Such as "2.4.1"; its configuration must begin with it from 2.4 on."""
    said = subprocess.run(["dovecot", "--version"], check=True, capture_output=True, text=True).stdout
    return re.match(r"\d+\.\d+\.\d+", said)[0]


def is_dovecot_2_3():
    return dovecot_version().startswith("2.3.")


class Dovecot(Mail):
    """IMAP, POP3 with STARTTLS, and IMAP over TLS from the start."""

    def __init__(self, folder, certificates, **more):
        super().__init__(folder, certificates, **more)
        self.pop3_port = free_port(self.address)
        self.imaps_port = free_port(self.address)

    def configure(self):
        words = {"folder": self.folder, "address": self.address, "port": self.reserved_port,
                 "pop3_port": self.pop3_port, "imaps_port": self.imaps_port, "certificate": self.certificates[0],
                 "user": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}
        # Dovecot's second certificate, of the other kind of key.
        second = ("ssl_server_alt_cert_file = {0.path}\nssl_server_alt_key_file = {0.key_path}\n",
                  "ssl_alt_cert = <{0.path}\nssl_alt_key = <{0.key_path}\n")[is_dovecot_2_3()]
        words["others"] = "".join(second.format(other) for other in self.certificates[1:])
        words["version"] = dovecot_version()
        text = ((DOVECOT_2_3 if is_dovecot_2_3() else DOVECOT_2_4) + DOVECOT_CONF).format(**words)
        if os.geteuid() != 0:
            text += DOVECOT_UNPRIVILEGED.format(**words)
        (self.folder / "dovecot.conf").write_text(text)

    def command(self):
        return ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]

    def is_ready(self):
        return self.greets(self.reserved_port) and self.greets(self.pop3_port)
