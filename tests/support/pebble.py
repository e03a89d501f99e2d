"""Pebble: an ACME authority that believes whoever asks, and the clients of Debian that ask it."""

import json
import socket
import subprocess

from support.certificates import Certificate
from support.server import Server, free_port

DOMAIN = "mail.example.test"


class Pebble(Server):
    """Its directory is `url`; clients trust it by `authority.path`."""

    def configure(self):
        self.authority = Certificate(self.folder, "Laboratory", is_ca=True)
        own = Certificate(self.folder, "localhost", issuer=self.authority)
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"{self.address}:{self.reserved_port}", "managementListenAddress": "",
            "certificate": str(own.path), "privateKey": str(own.key_path),
            "httpPort": free_port(), "tlsPort": free_port()}}))

    def command(self):
        return ["env", "PEBBLE_VA_ALWAYS_VALID=1", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0",
                "pebble", "-config", str(self.folder / "pebble.json")]

    def is_ready(self):
        try:
            socket.create_connection((self.address, self.reserved_port), 1).close()
        except OSError:
            return False
        return True

    @property
    def url(self):
        return f"https://localhost:{self.port}/dir"


class AcmeClient:
    """A client that issues a certificate for DOMAIN, and renews it with a new key, running `hook` after that. Each
    gives what the client printed."""

    next = None  # the key of the renewal after the next one

    def __init__(self, folder, pebble, path):
        self.folder = folder
        self.folder.mkdir()
        self.pebble = pebble
        self.path = path  # PATH of the hook

    def call(self, *command):
        trust = str(self.pebble.authority.path)
        done = subprocess.run([str(word) for word in command], cwd=self.folder, capture_output=True, text=True, timeout=90, env={
            "PATH": self.path, "HOME": str(self.folder),
            "REQUESTS_CA_BUNDLE": trust, "LEGO_CA_CERTIFICATES": trust})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


class Certbot(AcmeClient):
    hook_name = "certbot"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.chain, self.key = (self.folder / "config/live" / DOMAIN / f"{what}.pem" for what in ("fullchain", "privkey"))

    def certbot(self, *arguments):
        folders = [word for kind in ("config", "work", "logs") for word in (f"--{kind}-dir", self.folder / kind)]
        return self.call("certbot", *arguments, *folders, "--server", self.pebble.url, "--non-interactive")

    def issue(self, hook=None):
        """certbot from 5.3 on runs hooks of its folder here, too; before, those of its command line only."""
        return self.certbot("certonly", "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", free_port(),
                            "--agree-tos", "--register-unsafely-without-email", "-d", DOMAIN,
                            *(["--deploy-hook", hook] if hook else []))

    def renew(self, hook):
        return self.certbot("renew", "--force-renewal", "--no-random-sleep-on-renew", "--deploy-hook", hook)


class Dehydrated(AcmeClient):
    hook_name = "dehydrated"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.chain, self.key, self.next = (self.folder / "certs" / DOMAIN / f"{what}.pem"
                                           for what in ("fullchain", "privkey", "privkey.roll"))

    def issue(self, hook=None, *more):
        (self.folder / "config").write_text(
            f'CA="{self.pebble.url}"\nBASEDIR="{self.folder}"\nWELLKNOWN="{self.folder}"\nPRIVATE_KEY_RENEW=yes\n'
            f'PRIVATE_KEY_ROLLOVER=yes\nACCOUNT_KEYSIZE=2048\nCURL_OPTS="--cacert {self.pebble.authority.path}"\n')
        self.call("dehydrated", "--config", self.folder / "config", "--register", "--accept-terms")
        return self.call("dehydrated", "--config", self.folder / "config", "--cron", "--domain", DOMAIN,
                         *(["--hook", hook] if hook else []), *more)

    def renew(self, hook):
        return self.issue(hook, "--force")


class Lego(AcmeClient):
    hook_name = "lego"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.chain, self.key = (self.folder / "certificates" / f"{DOMAIN}.{what}" for what in ("crt", "key"))

    def lego(self, *arguments):
        return self.call("lego", "--path", self.folder, "--server", self.pebble.url, "--accept-tos", "--email", "admin@example.test",
                  "--domains", DOMAIN, "--http", "--http.port", f"127.0.0.1:{free_port()}", *arguments)

    def issue(self, hook=None):
        return self.lego("run", *(["--run-hook", hook] if hook else []))

    def renew(self, hook):
        return self.lego("renew", "--days", "100000", "--no-random-sleep", "--renew-hook", hook)
