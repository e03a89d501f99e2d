"""Digests are those that `openssl dgst` takes of the raw octets, for every key that OpenSSL can load.

RFC 6698 section 2.1.2: selector 1 is the SubjectPublicKeyInfo as it stands in the certificate. What
`openssl x509 -pubkey` prints is that key encoded anew, so here the octets are cut out of the certificate.
"""

import re
import subprocess

import pytest

PARAMETERS = [f"3 {selector} {matching}" for selector in "01" for matching in "12"]

GENPKEY = {
    "RSA, 1024 bits": "-algorithm RSA -pkeyopt rsa_keygen_bits:1024",
    "RSA, 2048 bits": "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
    "RSA, exponent 3": "-algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3",
    "RSA-PSS without parameters": "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048",
    "RSA-PSS, parameters spelt out": "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 "
    "-pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 "
    "-pkeyopt rsa_pss_keygen_saltlen:32",
    "RSA-PSS, parameters that are the default": "-algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 "
    "-pkeyopt rsa_pss_keygen_md:sha1 -pkeyopt rsa_pss_keygen_mgf1_md:sha1 -pkeyopt rsa_pss_keygen_saltlen:20",
    "EC, curve spelt out": "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
    "EC, compressed point": "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt point-format:compressed",
    "EC, hybrid point": "-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt point-format:hybrid",
    "SM2": "-algorithm SM2",
    "Ed25519": "-algorithm ED25519",
    "Ed448": "-algorithm ED448",
    "X25519": "-algorithm X25519",
    "X448": "-algorithm X448",
    "DH": "-algorithm DH -pkeyopt group:ffdhe2048",
    "DHX": "-algorithm DHX -pkeyopt dh_rfc5114:2",
    "DSA": "-algorithm DSA -pkeyopt dsa_paramgen_bits:1024",
}


def openssl(*arguments, stdin=b""):
    return subprocess.run(
        ["openssl", *map(str, arguments)], input=stdin, check=True, capture_output=True, timeout=60
    ).stdout


def genpkey(options, path):
    words = options.split()
    if "DSA" in words:
        parameters = path.with_suffix(".parameters")
        openssl("genpkey", "-genparam", *words, "-out", parameters)
        words = ["-paramfile", parameters]
    openssl("genpkey", *words, "-out", path)
    return path


def certified(key, ca):
    """The DER of a certificate of `key`, which need not be able to sign: issued by `ca`."""
    public = key.with_suffix(".public")
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    path = key.with_suffix(".der")
    openssl(
        *("x509", "-new", "-subj", "/CN=mail.example.test", "-days", "30", "-force_pubkey", public),
        *("-CA", ca.path, "-CAkey", ca.key_path, "-outform", "DER", "-out", path),
    )
    return path


def element(octets, at):
    """Of the DER element at `at`: where its contents begin, and where it ends."""
    length, contents = octets[at + 1], at + 2
    if length & 0x80:
        contents += length & 0x7F
        length = int.from_bytes(octets[at + 2 : contents], "big")
    return contents, contents + length


def spki(certificate):
    """RFC 5280 section 4.1: it follows version (if any), serial, signature, issuer, validity, subject."""
    at = element(certificate, element(certificate, 0)[0])[0]
    for _ in range(6 if certificate[at] == 0xA0 else 5):
        at = element(certificate, at)[1]
    return certificate[at : element(certificate, at)[1]]


def dgst(octets, matching):
    algorithm = "-sha256" if matching == "1" else "-sha512"
    return openssl("dgst", algorithm, "-r", stdin=octets).split()[0].decode()


def by_openssl(path):
    octets = path.read_bytes()
    parts = {"0": octets, "1": spki(octets)}
    return [f"{each} {dgst(parts[each[2]], each[4])}" for each in PARAMETERS]


@pytest.fixture
def issued(certificate, tmp_path):
    """A certificate of the key that these options of genpkey make."""
    ca = certificate("CA", is_ca=True)

    def issue(options, stem="mail"):
        return certified(genpkey(options, tmp_path / f"{stem}.key"), ca)

    return issue


@pytest.mark.parametrize("options", GENPKEY.values(), ids=GENPKEY)
def test_every_kind_of_key(issued, tlsa_update, options):
    mail = issued(options)

    run = tlsa_update("generate", cert=mail, tlsa=PARAMETERS)

    assert run.out.splitlines() == by_openssl(mail)


def test_every_named_curve(issued, tlsa_update):
    curves = re.findall(r"^\s*(\S+?)\s*:", openssl("ecparam", "-list_curves").decode(), re.MULTILINE)
    found, expected = {}, {}

    for curve in curves:
        mail = issued(f"-algorithm EC -pkeyopt ec_paramgen_curve:{curve}", curve.replace("/", "-"))
        found[curve] = tlsa_update("generate", cert=mail, tlsa="3 1 1").out.strip()
        expected[curve] = f"3 1 1 {dgst(spki(mail.read_bytes()), '1')}"

    assert len(curves) > 20
    assert found == expected


def test_the_key_file_alone_gives_the_same(issued, tlsa_update):
    """A private key that its certificate encodes in the usual way."""
    mail = issued(GENPKEY["RSA, 2048 bits"])

    run = tlsa_update("generate", cert=mail.with_suffix(".key"), tlsa="3 1 1")

    assert run.out.split() == by_openssl(mail)[2].split()


def wrapped(contents):
    """A SEQUENCE of between 256 and 65,535 octets."""
    return b"\x30\x82" + len(contents).to_bytes(2, "big") + contents


def with_spki(certificate, key):
    """The certificate with another key; its signature is not that of these octets."""
    tbs_at = element(certificate, 0)[0]
    fields_at, tbs_end = element(certificate, tbs_at)
    before, after = certificate[fields_at:tbs_end].split(spki(certificate))
    return wrapped(wrapped(before + key + after) + certificate[tbs_end:])


def test_a_key_that_openssl_encodes_otherwise(issued, tlsa_update):
    """RSA without NULL parameters: RFC 3279 section 2.3.1 forbids it, and certificates have it."""
    usual = bytes.fromhex("300d06092a864886f70d0101010500")
    without_null = bytes.fromhex("300b06092a864886f70d010101")
    mail = issued(GENPKEY["RSA, 2048 bits"])
    octets = mail.read_bytes()
    key = spki(octets)
    key = wrapped(key[element(key, 0)[0] :].replace(usual, without_null))
    mail.write_bytes(with_spki(octets, key))

    run = tlsa_update("generate", cert=mail, tlsa=PARAMETERS)

    assert spki(mail.read_bytes()) == key
    assert run.out.splitlines() == by_openssl(mail)
    printed = openssl("x509", "-in", mail, "-pubkey", "-noout")
    assert openssl("pkey", "-pubin", "-outform", "DER", stdin=printed) != key
