"""Files that are not what they should be: a clear error that names the file, and nothing sent."""

import pytest
from cryptography.hazmat.primitives import serialization

from support.dns import TsigKey

MAIL = "mail.example.test:25"


def cut(certificate):
    return certificate.pem[: len(certificate.pem) // 2]


BAD_CERTIFICATES = {
    "empty": lambda certificate: b"",
    "white space": lambda certificate: b"\n \n",
    "text": lambda certificate: b"mail.example.test\n",
    "cut in half": cut,
    "one block whole and one cut": lambda certificate: certificate.pem + cut(certificate),
    "DER cut": lambda certificate: certificate.der[:-1],
    "DER with octets after it": lambda certificate: certificate.der + b"\0",
    "binary noise": lambda certificate: bytes(range(256)) * 64,
    "base64 of nothing": lambda certificate: b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
}


@pytest.mark.parametrize("kind", BAD_CERTIFICATES)
def test_a_bad_certificate_is_bad_data(bind, certificate, tlsa_update, tmp_path, kind):
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    file = tmp_path / "broken.pem"
    file.write_bytes(BAD_CERTIFICATES[kind](certificate()))

    run = tlsa_update("publish", zone, MAIL, cert=[certificate(), file], exits=65)

    assert str(file) in run.err
    assert zone.transfer() == {}


def test_a_huge_certificate_file_is_not_read_to_its_end(certificate, tlsa_update, tmp_path):
    file = tmp_path / "huge.pem"
    with file.open("wb") as huge:
        huge.write(certificate().pem)
        huge.truncate(1 << 40)

    run = tlsa_update("generate", cert=file, exits=66)

    assert str(file) in run.err


def missing(folder):
    return folder / "missing"


def directory(folder):
    return folder


def dangling(folder):
    (folder / "link").symlink_to("nowhere")
    return folder / "link"


@pytest.mark.parametrize("option", ["cert", "next", "key_file", "names_from", "config"])
@pytest.mark.parametrize("kind", [missing, directory, dangling])
def test_what_cannot_be_read_is_named(certificate, tlsa_update, tmp_path, option, kind):
    file = kind(tmp_path)
    options = {
        "cert": certificate(),
        "server": "127.0.0.1@1",
        "key_file": TsigKey(tmp_path, "update-key").path,
    }

    run = tlsa_update("publish", MAIL, **options | {option: file}, exits=66)

    assert str(file) in run.err


BAD_KEYS = {
    "empty": "",
    "no key at all": 'zone "example.test" { type primary; };\n',
    "cut": 'key "update-key" { algorithm hmac-sha256; secret "',
    "secret that is not base64": 'key "update-key" { algorithm hmac-sha256; secret "!!!!"; };',
    "empty secret": 'key "update-key" { algorithm hmac-sha256; secret ""; };',
    "unknown algorithm": 'key "update-key" { algorithm hmac-whirlpool; secret "aGVsbG8="; };',
    "no secret": 'key "update-key" { algorithm hmac-sha256; };',
}


@pytest.mark.parametrize("kind", BAD_KEYS)
def test_a_bad_key_file_is_bad_data(certificate, tlsa_update, tmp_path, kind):
    file = tmp_path / "bad.key"
    file.touch(0o600)
    file.write_text(BAD_KEYS[kind])

    run = tlsa_update("publish", MAIL, server="127.0.0.1@1", key_file=file, cert=certificate(), exits=65)

    assert str(file) in run.err


BAD_CONFIGURATIONS = {
    "unknown key": ("server = 127.0.0.1\nsever = 127.0.0.2\n", "2"),
    "no equals sign": ("server\n", "1"),
    "section that does not end": ("[zone.example.test\n", "1"),
    "unknown section": ("[zonk.example.test]\nserver = 127.0.0.1\n", "1"),
}


@pytest.mark.parametrize("kind", BAD_CONFIGURATIONS)
def test_a_bad_configuration_is_told_by_its_line(certificate, tlsa_update, tmp_path, kind):
    text, line = BAD_CONFIGURATIONS[kind]
    file = tmp_path / "tlsa-update.conf"
    file.write_text(text)

    run = tlsa_update("publish", MAIL, config=file, cert=certificate(), exits=78)

    assert f"{file}:{line}:" in run.err


@pytest.fixture
def encrypted(certificate, tmp_path):
    """A key that asks for the passphrase "open sesame"."""
    path = tmp_path / "encrypted.key"
    path.write_bytes(
        certificate().private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"open sesame"),
        )
    )
    return path


def passphrase(folder, text, mode=0o600):
    path = folder / "passphrase"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_passphrase_file_that_cannot_be_used_is_no_bad_passphrase(encrypted, tlsa_update, tmp_path):
    for file in (tmp_path / "missing", passphrase(tmp_path, "open sesame", mode=0o644)):
        assert str(file) in tlsa_update("generate", cert=encrypted, passphrase_file=file, exits=66).err


def test_a_passphrase_that_is_wrong_or_not_given_is_bad_data(encrypted, tlsa_update, tmp_path):
    tlsa_update("generate", cert=encrypted, passphrase_file=passphrase(tmp_path, "open sesame\n"))

    tlsa_update("generate", cert=encrypted, passphrase_file=passphrase(tmp_path, "close sesame"), exits=65)
    tlsa_update("generate", cert=encrypted, exits=65)
