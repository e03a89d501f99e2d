"""Every option that reads a file, given every kind of broken or misplaced secret: no 12 characters in a row of it
come out, in text, JSON, the monitor line, the metrics or the form of the journal."""

import base64
import json
import os
import re
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from support.at_once import AtOnce
from support.certificates import Certificate
from support.program import Program

MAIL = "mail.example.test:25"
LENGTH = 12
TSIG = base64.b64encode(os.urandom(32)).decode()
PASSPHRASE = b"correct horse battery staple"


def _private_pem(key, form=serialization.PrivateFormat.PKCS8, passphrase=None):
    encryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()


def _request(key):
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.test")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


_EC = ec.generate_private_key(ec.SECP256R1())
PEMS = {
    "PKCS#8": _private_pem(_EC),
    "SEC1": _private_pem(_EC, serialization.PrivateFormat.TraditionalOpenSSL),
    "PKCS#1": _private_pem(rsa.generate_private_key(65537, 2048), serialization.PrivateFormat.TraditionalOpenSSL),
    "encrypted": _private_pem(_EC, passphrase=PASSPHRASE),
    "encrypted SEC1": _private_pem(_EC, serialization.PrivateFormat.TraditionalOpenSSL, PASSPHRASE),
    "request": _request(_EC),
}
SPOILT_PEM = {
    "whole": lambda pem: pem,
    "joined": lambda pem: pem.replace("\n", ""),
    "joined by blanks": lambda pem: pem.replace("\n", " "),
    "joined by \\n": lambda pem: pem.replace("\n", "\\n"),
    "BEGIN joined": lambda pem: pem.replace("-----\n", "-----", 1),
    "hyphens lost": lambda pem: pem.replace("-----\n", " ", 1),
    "cut": lambda pem: pem[:-40],
    "cut after a line": lambda pem: re.match(r"(?s).*?\n[A-Za-z0-9+/]{64}", pem).group(),
    "another label": lambda pem: pem.replace("PRIVATE", "PRVATE").replace("REQUEST", "REQEST"),
    "a label of it": lambda pem: re.sub("-----BEGIN .*-----\n(.*)", r"-----BEGIN \1-----", pem),
    "labels of another": lambda pem: re.sub("(BEGIN|END) [A-Z ]*", r"\1 CERTIFICATE", pem),
    "no first line": lambda pem: pem.split("\n", 1)[1],
    "an octet that is no base64": lambda pem: pem[:80] + "!" + pem[80:],
    "base64 alone": lambda pem: "".join(re.findall("^[^-:\n]+$", pem, re.M)),
}
SPOILT_TSIG = {
    "whole": 'key "update" { algorithm hmac-sha256; secret "@@"; };',
    "cut": 'key "update" { algorithm hmac-sha256; secret "@@',
    "no brace": 'key "update" { algorithm hmac-sha256; secret "@@";',
    "secret for a name": 'key "@@" { algorithm hmac-sha256; secret "AAAABBBB"; };',
    "secret for one of two names": 'key "@@" { secret "AAAABBBB"; }; key "b" { secret "AAAABBBB"; };',
    "secret for an algorithm": 'key "update" { algorithm @@; secret "YQ=="; };',
    "secret for a keyword": 'key "update" { @@ hmac-sha256; };',
    "secret alone": "@@",
    "in another order": "@@:update:hmac-sha256",
    "two fields": "hmac-sha256:@@",
    "four fields": "hmac-sha256:update:@@:@@",
    "an octet that is no base64": "hmac-sha256:update:@@!",
    "YAML without an algorithm": "key:\n- id: update\n  secret: @@\n",
    "YAML with other words": "key:\n- @@: update\n",
    "old private file": "Private-key-format: v1.3\nAlgorithm: 1 (@@)\nKey: @@\n",
    "old private file with a secret for a number": "Private-key-format: v1.3\nAlgorithm: @@\nKey: @@\n",
    "KEY record": "update. IN KEY 512 3 1 @@",
    "a section that is not closed": "[key @@",
    "a section": "[key @@]",
    "a section of a service": "[service.@@]\n[service.@@]\n",
    "a section of a zone": "[zone.@@..]\n",
    "a value": "timeout = @@\n",
    "a value of a service": "[service.a]\nname = @@\n",
    "a NAME": "@@:25\n",
    "a record": ". IN DS @@\n",
    "an anchor": ". IN DNSKEY 257 3 8 @@\n",
}


def _container():
    return pkcs12.serialize_key_and_certificates(
        b"mail", _EC, None, None, serialization.BestAvailableEncryption(PASSPHRASE)
    )


def _stores():
    pem = PEMS["PKCS#8"]
    inner = base64.b64encode(pem.encode()).decode()
    return {
        "Traefik": json.dumps(
            {"le": {"Account": {}, "Certificates": [{"domain": {"main": "a"}, "certificate": "", "key": inner}]}}
        ),
        "Vault": json.dumps({"lease_id": "", "data": {"private_key": pem}}, indent=1),
        "Kubernetes": json.dumps({"kind": "Secret", "data": {"tls.key": inner}}),
        "Kubernetes in YAML": f"kind: Secret\ndata:\n  tls.key: {inner}\n",
        "base64 of it": inner,
    }, [*pem.splitlines()[1:-1], inner]


def _forms():
    """What: (octets of the file, texts that are secret)."""
    forms = {}
    for kind, pem in PEMS.items():
        secret = "".join(re.findall("^[^-:\n]+$", pem, re.M))
        for how, spoil in SPOILT_PEM.items():
            forms[f"{kind}, {how}"] = (spoil(pem).encode(), [secret])
    for how, text in SPOILT_TSIG.items():
        forms[f"TSIG, {how}"] = (text.replace("@@", TSIG).encode(), [TSIG])
    container = _container()
    in_base64 = base64.b64encode(container).decode()
    forms["PKCS#12"] = (container, [container.decode("latin-1"), in_base64, container.hex()])
    forms["PKCS#12 in base64"] = (in_base64.encode(), [in_base64])
    forms["PKCS#12, cut"] = (container[:-100], [container.decode("latin-1"), in_base64, container.hex()])
    stores, secrets = _stores()
    forms |= {f"a store: {what}": (text.encode(), secrets) for what, text in stores.items()}
    return forms


FORMS = _forms()
# For all options but --cert: each spoilt form once, each kind of PEM as it is.
FEWER = {
    what: form
    for what, form in FORMS.items()
    if what.startswith("PKCS#8,") or what.endswith(", whole") or what.split(",")[0] not in PEMS
}
# What each option that takes a file needs beside it; None: a file that is written.
OPTIONS = {
    "cert": {},
    "next": {},
    "issuer": {"tlsa": "2 1 1"},
    "passphrase-file": {"cert": "encrypted"},
    "key-file": {},
    "transfer-key-file": {"read": "axfr"},
    "names-from": {},
    "trust-anchor": {},
    "tls-ca": {"transport": "tls"},
    "config": {},
    "metrics": None,
}


def pieces(text):
    """In lower case, as the names of keys are shown."""
    text = text.lower()
    return {text[at : at + LENGTH] for at in range(len(text) - LENGTH + 1)}


class Scene:
    """One option and its neighbours, which are sound."""

    def __init__(self, folder, option):
        self.folder, self.option = folder, option
        folder.mkdir()
        self.program = Program(folder)
        self.mail = Certificate(folder)
        self.file = folder / "given"
        self.file.touch(0o600)
        self.metrics = folder / "metrics"
        key = folder / "tsig.key"
        key.touch(0o600)
        key.write_text('key "good" { algorithm hmac-sha256; secret "AAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCC"; };')
        encrypted = folder / "encrypted"
        encrypted.write_text(PEMS["encrypted"])
        self.sound = {"cert": self.mail, "key-file": key, "server": "127.0.0.1@1", "resolver": "127.0.0.1@1"}
        self.sound |= {"timeout": "1", "retries": "0"}
        more = dict(OPTIONS[option])
        if more.get("cert") == "encrypted":
            more["cert"] = encrypted
        self.sound |= more

    def said(self, octets):
        """All that comes out for this file: by the command line, as JSON and for the journal; and by the
        configuration, as the monitor's line and metrics."""
        self.file.write_bytes(octets)
        options = {**self.sound, self.option: self.file}
        words = [] if self.option == "names-from" else [MAIL]
        given = {name.replace("-", "_"): value for name, value in options.items()}
        journal = {"JOURNAL_STREAM": "1:1"}
        runs = [self.program("publish", *words, "-vvv", **given, format="json", environment=journal, exits=None)]
        if self.option in ("config", "names-from"):
            words += [f"--{name}={value}" for name, value in options.items()]
        else:
            words = [f"--config={self._configuration(options)}"]
        runs.append(self.program("verify", *words, "--monitor", metrics=self.metrics, exits=None))
        metrics = self.metrics.read_text() if self.metrics.exists() else ""
        assert all(run.status not in (70, -6, -11) for run in runs), "\n".join(map(str, runs))
        return "\n".join([*map(str, runs), metrics])

    def _configuration(self, options):
        service = ("cert", "next", "issuer", "passphrase-file", "tlsa")
        lines = [f"{name} = {value}" for name, value in options.items() if name not in service]
        lines += ["[service.mail]", f"name = {MAIL}"]
        lines += [f"{name} = {value}" for name, value in options.items() if name in service]
        path = self.folder / "tlsa-update.conf"
        path.write_text("\n".join(lines) + "\n")
        return path


@pytest.fixture(scope="module")
def plays(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaks")

    def leaks_of(option):
        scene, leaks = Scene(folder / option, option), []
        forms = FORMS if option == "cert" else FEWER
        for what, (octets, secrets) in forms.items():
            said = scene.said(octets)
            spoken = pieces(said.replace("\\\\", "\\"))
            leaks += [f"{what}:\n{said}" for secret in secrets if pieces(secret) & spoken]
        return leaks

    with AtOnce(request, leaks_of) as plays:
        yield plays


@pytest.mark.parametrize("case", [option for option, how in OPTIONS.items() if how is not None])
def test_no_option_that_takes_a_file_lets_a_piece_of_it_out(plays, case):
    leaks = plays[case]

    assert not leaks, f"{len(leaks)} leaks:\n" + "\n".join(leaks[:3])


def test_each_option_that_takes_a_file_is_among_them(tlsa_update):
    """As the program lists them, so that the next one is not forgotten."""
    program = subprocess.run([tlsa_update.path, "--help"], capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^  ([a-z]+) ", program, re.M)
    assert {"publish", "verify", "generate"} <= set(commands), program
    listed = set()
    for command in commands:
        listed |= set(re.findall(r"--([a-z-]+) FILE", tlsa_update(command, "--help").out))

    assert listed == set(OPTIONS)


def test_a_key_in_the_place_of_its_file_is_not_shown(certificate, tlsa_update):
    key = f"hmac-sha256:update:{TSIG}"

    run = tlsa_update("publish", MAIL, cert=certificate(), server="127.0.0.1@1", key_file=key, exits=66)

    assert "--key-file takes the name of a file" in run.err
    assert not pieces(TSIG) & pieces(run.out + run.err)


def test_a_leak_would_be_seen():
    for octets, secrets in FORMS.values():
        text = octets.decode("latin-1")
        assert any(pieces(secret) & pieces(text) for secret in secrets), text
