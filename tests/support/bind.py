"""BIND: a signing primary, or a secondary."""

import subprocess

from support.authority import Authority
from support.server import free_port, private_copy

CONFIGURATION = """\
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile none;
    {listen}
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    notify explicit;
    notify-delay {notify_delay};
    {more}
}};
controls {{ }};
logging {{
    channel everything {{ file "log"; severity info; print-category yes; }};
    channel updates {{ file "updates"; severity debug 8; }};
    category default {{ everything; }};
    category update {{ everything; updates; }};
}};
dnssec-policy quick {{ keys {{ csk lifetime unlimited algorithm ecdsap256sha256; }}; }};
"""


class Bind(Authority):
    """`more` goes into the options clause of named.conf as it stands."""

    more = ""
    notify_delay = 0  # seconds; BIND's own is 5
    threads = 1
    certificate = None  # with one, tls_port speaks DNS over TLS

    def configure(self):
        named = [CONFIGURATION.format(folder=self.folder, listen=self._listen(), **self._options())]
        named += [f'include "{key.path}";\n' for key in self.keys]
        if self.certificate:
            named.append(
                f'tls own {{ cert-file "{self.certificate}"; key-file "{self.certificate.key_path}"; }};\n'
            )
        (self.folder / "named.conf").write_text("".join([*named, *map(self._zone, self.zones)]))

    def _options(self):
        return {"more": self.more, "notify_delay": self.notify_delay}

    def gives_reasons(self):
        """In an answer's TSIG, or in that it is signed."""
        return True

    def speak_tls(self, certificate):
        self.certificate = certificate
        self.tls_port = free_port(self.address)

    def _listen(self):
        family, other = "listen-on", "listen-on-v6"
        if ":" in self.address:
            family, other = other, family
        lines = [f"{other} {{ none; }};", f"{family} port {self.reserved_port} {{ {self.address}; }};"]
        if self.certificate:
            lines.append(f"{family} port {self.tls_port} tls own {{ {self.address}; }};")
        return " ".join(lines)

    def _zone(self, zone):
        if zone.primary:
            primary = zone.primary.server
            kind = (
                f"type secondary; primaries {{ {primary.address} port {primary.port} key {zone.key.name}; }};"
            )
            if not zone.primary.signing and zone.signing == "inline":
                kind += " dnssec-policy quick; inline-signing yes;"
        else:
            kind = "type primary; " + self._updates(zone)
            (self.folder / f"{zone.name}.zone").write_text(zone.file_text())
        readers = " ".join(
            f"key {key.name};" for key in (self.keys if zone.readers is None else zone.readers)
        )
        notify = " ".join(f"{server.address} port {server.reserved_port};" for server in zone.notifies)
        return (
            f'zone "{zone.name}" {{ {kind} file "{zone.name}.zone"; allow-transfer {{ {readers} }}; '
            f"also-notify {{ {notify} }}; }};\n"
        )

    def _updates(self, zone):
        if zone.signing == "file":
            return ""
        places = [f"name {zone.full(owner)}" for owner in zone.granted or []] or [f"subdomain {zone.name}."]
        grants = [f"grant {zone.key.name} {place} {' '.join(zone.allow)};" for place in places]
        policy = f"update-policy {{ {' '.join(grants)} }};"
        inline = "yes" if zone.signing == "inline" else "no"
        return policy + (f" dnssec-policy quick; inline-signing {inline};" if zone.signing else "")

    def command(self):
        return [private_copy("named"), "-f", "-n", str(self.threads), "-c", str(self.folder / "named.conf")]

    def updates(self):
        """How many UPDATE messages had their prerequisites met."""
        return (self.folder / "updates").read_text().count("prerequisites are OK")


def resigned(zone, begin, end):
    """The zone of a BIND primary as it is, with signatures of its own keys from `begin` to `end`, both
    YYYYMMDDHHMMSS: a whole zone file."""
    folder = zone.server.folder / "resigned"
    folder.mkdir()
    bare = [line for line in zone.transferred().to_text().splitlines() if " RRSIG " not in line and " NSEC " not in line]
    (folder / "zone").write_text("\n".join([*bare, ""]))
    command = ["dnssec-signzone", "-S", "-z", "-P", "-K", zone.server.folder, "-s", begin, "-e", end, "-o", zone.name, "zone"]
    signed = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert signed.returncode == 0, signed.stderr
    return (folder / "zone.signed").read_text()
