"""A mail host with everything around it: its zone, its services, the place where renewed certificates appear,
the configuration that its administrator wrote, and a client that watches."""

import shutil
import subprocess
import time

from support.dane_client import DaneClient
from support.mail_service import MailService

NAME = "mail.example.test"


class MailHost:
    """`host("run", wait=True)` is what its hook or timer calls. Waits last two TTLs of 1 s and nothing more."""

    def __init__(
        self,
        tlsa_update,
        primary,
        folder,
        *certificates,
        addresses=("127.0.0.1",),
        ttl=1,
        more=(),
        aliases=(),
        service=MailService,
    ):
        self.program = tlsa_update
        self.folder = folder
        self.services = []
        for address in addresses:
            port = self.services[0].reserved_port if self.services else None
            place = folder / f"service-{address}"
            self.services.append(service(place, *certificates, address=address, port=port))
        self.port = self.services[0].reserved_port
        self.owner = f"_{self.port}._tcp.mail"
        self.published = {certificate.tlsa() for certificate in certificates}
        records = [f"{self.owner} {ttl} TLSA {record}" for record in [*self.published, *more]]
        records += [f"{alias} CNAME {self.owner}" for alias in aliases]
        records += [f"mail {'AAAA' if ':' in address else 'A'} {address}" for address in addresses]
        self.zone = primary.zone("example.test", *records)
        self.zone.negative_ttl = 1
        self.authorities = [primary]
        self.settings = {"margin": 0, "grace": 0, "settle": 5, "timeout": 2, "probe-timeout": 2, "retries": 1, "longest-ttl": 1}
        self.service_settings = {"tlsa": ["3 1 1"], "starttls": "smtp", "address": list(addresses)}
        self.modes = ("", "")  # of the installed chain and key, as --install takes them
        self.installs = True  # False: somebody else deploys
        self.reload = None  # another command than the right one
        self.more_services = []  # lines of the configuration
        self.is_started = False
        self.renewed = [
            (folder / f"renewed-{n}.pem", folder / f"renewed-{n}.key") for n in range(len(certificates))
        ]
        self.renew(*certificates)

    def renew(self, *certificates):
        """What an ACME client does: the new files are in their place before any hook is called."""
        for certificate, (chain, key) in zip(certificates, self.renewed):
            shutil.copy(certificate.path, chain)
            shutil.copy(certificate.key_path, key)

    def start(self):
        """From here on the program knows the records of the first certificates as its own."""
        for server in [*self.authorities, *self.services]:
            assert server.port
        self("publish")
        self.is_started = True

    def __call__(self, command, *names, exits=0, **options):
        return self.program(command, *self.arguments, *names, exits=exits, **options)

    def until_done(self, command="run", seconds=60, **options):
        """Repeats a command that exits with 75 until it has nothing left to wait for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self(command, exits=None, **options)
            if run.status == 0:
                return
            assert run.status == 75, str(run)
            time.sleep(0.2)
        raise AssertionError(f"still waiting after {seconds} s:\n{run}")

    def until_awaits(self, reason, seconds=60, exits=75, **options):
        """Repeats `run`, which has to find something to wait for each time, until it gives this fixed word."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self("run", exits=exits, format="json", **options)
            if f'"reason":"{reason}"' in run.out:
                return
            time.sleep(0.2)
        raise AssertionError(f"{reason} is not among the reasons after {seconds} s:\n{run}")

    def begin(self, *command, stderr=subprocess.PIPE, environment=None):
        """Starts the program and does not wait for its end."""
        return subprocess.Popen(
            [self.program.path, *command, *self.arguments],
            env=self.program.environment() | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=stderr,
        )

    @property
    def arguments(self):
        return [*self.zone.key.options, "--config", str(self.configuration())]

    def configuration(self):
        path = self.folder / "tlsa-update.conf"
        lines = [f"{name} = {value}" for name, value in self.settings.items()]
        lines += [f"{key} = {self.zone.server.at}" for key in ("server", "resolver") if key not in self.settings]
        lines += [f"nameserver = {authority.at}" for authority in self.authorities]
        lines += ["[service.mail]", f"name = {NAME}:{self.port}"]
        lines += [f"cert = {chain}" for chain, _ in self.renewed]
        for name, value in self.service_settings.items():
            lines += [f"{name} = {one}" for one in (value if isinstance(value, list) else [value])]
        lines += self._deployment()
        lines += self.more_services
        path.write_text("\n".join(lines) + "\n")
        return path

    def _deployment(self):
        if not self.installs:
            return []
        service = self.services[0]
        pairs = zip(self.renewed, service.pairs)
        moves = [
            (file, to, mode) for files, places in pairs for file, to, mode in zip(files, places, self.modes)
        ]
        return [
            *(f"install = {file} -> {to} {mode}" for file, to, mode in moves),
            f"reload = {self.reload or service.reload}",
        ]

    def records(self):
        """What the primary has now: a set of "3 1 1 4648..."."""
        rrset = self.zone.tlsa(self.owner)
        return rrset.records if rrset else set()

    def watched(self, **more):
        if not self.is_started:
            self.start()
        return DaneClient(self.zone.full(self.owner), NAME, self.authorities, self.services, **more)
