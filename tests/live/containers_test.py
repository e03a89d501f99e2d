"""Files that hold a certificate wrapped in something else: the error names the wrapping, and the command that it
advises takes the certificate out. A byte-order mark is no wrapping: it is skipped in every text file."""

import base64
import json
import re
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

MARK = b"\xef\xbb\xbf"


def base64_of(octets):
    return base64.b64encode(octets).decode()


def traefik(mail):
    domain = {"main": "mail.example.test"}
    certificate = {"domain": domain, "certificate": base64_of(mail.pem), "key": base64_of(mail.key_path.read_bytes())}
    other = {**certificate, "domain": {"main": "www.example.test"}, "certificate": base64_of(b"another")}
    return json.dumps({"letsencrypt": {"Account": {"Email": ""}, "Certificates": [other, certificate]}}, indent=2)


def kubernetes(mail):
    data = {"tls.crt": base64_of(mail.pem), "tls.key": base64_of(mail.key_path.read_bytes())}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": data}


def kubernetes_yaml(mail):
    data = kubernetes(mail)["data"]
    return "kind: Secret\ndata:\n" + "".join(f"  {name}: {value}\n" for name, value in data.items())


def vault(mail):
    data = {"certificate": mail.pem.decode(), "private_key": mail.key_path.read_text(), "ca_chain": []}
    return json.dumps({"request_id": "1", "lease_id": "", "data": data})


WRAPPINGS = {
    "Traefik's acme.json": (traefik, "in which Traefik keeps"),
    "a Secret of Kubernetes": (lambda mail: json.dumps(kubernetes(mail)), "Secret of Kubernetes as JSON"),
    "a Secret of Kubernetes in YAML": (kubernetes_yaml, "base64 of PEM"),
    "what Vault issues": (vault, "JSON as Vault gives it"),
    "JSON of base64": (lambda mail: json.dumps([base64_of(mail.pem)]), "JSON with the base64 of PEM"),
    "base64 of PEM": (lambda mail: base64_of(mail.pem), "base64 of a PEM file"),
    "base64 of DER": (lambda mail: base64_of(mail.der), "without the BEGIN and END lines"),
    "PEM joined": (lambda mail: mail.pem.decode().replace("\n", ""), "line breaks of this PEM are lost"),
    "PEM joined by blanks": (lambda mail: mail.pem.decode().replace("\n", " "), "line breaks of this PEM are lost"),
    "PEM joined by \\n": (lambda mail: mail.pem.decode().replace("\n", "\\n"), "line breaks of this PEM are lost"),
    "PEM joined by \\r\\n": (lambda mail: mail.pem.decode().replace("\n", "\\r\\n"), "of this PEM are lost"),
}


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize("what", WRAPPINGS)
def test_the_advised_command_takes_the_certificate_out(certificate, tlsa_update, tmp_path, what):
    mail = certificate("mail.example.test")
    wrap, name = WRAPPINGS[what]
    file = tmp_path / "wrapped"
    file.write_text(wrap(mail))

    error = tlsa_update("generate", cert=file, exits=65).err

    assert name in error, error
    command = re.search(r"(?:: |back: )((?:jq|grep|base64|sed) .*)", error.split("; ", 1)[1]).group(1)
    command = command.replace("FILE", str(file)).replace("NAME", "mail.example.test")
    if "wrapped" not in command:
        command += f" {file}"
    unwrapped = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    (tmp_path / "unwrapped").write_bytes(unwrapped)
    assert tlsa_update("generate", cert=tmp_path / "unwrapped").out == f"{mail.tlsa()}\n"


def test_a_bundle_with_an_encrypted_key_gives_its_certificate(certificate, tlsa_update, tmp_path):
    mail = certificate()
    encrypted = mail.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"correct horse"),
    )
    bundle, alone = tmp_path / "bundle.pem", tmp_path / "alone.pem"
    bundle.write_bytes(mail.pem + encrypted)
    alone.write_bytes(encrypted)
    words = tmp_path / "words"
    words.touch(0o600)

    run = tlsa_update("generate", cert=bundle)

    line = mail.pem.count(b"\n") + 1
    assert run.out == f"{mail.tlsa()}\n"
    assert f"{bundle}:{line}: the ENCRYPTED PRIVATE KEY block is encrypted; it is passed over" in run.err
    assert f"{alone}:1: the ENCRYPTED PRIVATE KEY block is encrypted;" in tlsa_update(
        "generate", cert=alone, exits=65
    ).err
    words.write_text("battery staple\n")
    tlsa_update("generate", cert=bundle, passphrase_file=words, exits=65)


def test_a_byte_order_mark_is_skipped_in_every_text_file(certificate, tlsa_update, tmp_path):
    mail = certificate()
    encrypted = mail.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"correct horse"),
    )

    def marked(name, octets):
        file = tmp_path / name
        file.touch(0o600)
        file.write_bytes(MARK + octets)
        return file

    configuration = marked("a.conf", b"[service.mail]\r\nname = mail.example.test:25\r\n")
    key, words = marked("a.key", encrypted), marked("words", b"correct horse\r\n")
    names = marked("names", b"mail.example.test:25\r\nmail.example.test:465\r\n")

    run = tlsa_update(
        "generate", cert=key, passphrase_file=words, names_from=names, config=configuration, ttl=300
    )

    assert run.out == "".join(
        f"_{port}._tcp.mail.example.test. 300 IN TLSA {mail.tlsa()}\n" for port in (25, 465)
    )
