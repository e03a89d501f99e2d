"""Certificates and keys as a test needs them, in files, with the digests that TLSA records of them hold."""

import base64
import datetime
import hashlib
import itertools

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support import confidential

KEYS = {
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}
MATCHING = (
    bytes.hex,
    lambda octets: hashlib.sha256(octets).hexdigest(),
    lambda octets: hashlib.sha512(octets).hexdigest(),
)
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH
_serial = itertools.count(1)


class Certificate:
    """A certificate, its key and its issuer. As a string: the path of its PEM chain, leaf first. `subject`: a
    common name that is not `name`; `begins` and `days`: of its life, in days from now; `purpose`: the one extended key
    usage, as CLIENT_AUTH; `permitted`: a name constraint."""

    def __init__(
        self, folder, name="mail.example.test", key="ec", issuer=None, is_ca=False, days=90, subject=None,
        begins=-1, purpose=None, permitted=None,
    ):  # fmt: skip
        self.private_key = KEYS[key]() if isinstance(key, str) else key
        self.issuer = issuer
        self.begins, self.purpose, self.permitted = begins, purpose, permitted
        self.x509 = self._signed(name, is_ca, days, subject or name)
        stem = f"{name.replace('*', 'any')}-{next(_serial)}"
        self.path = folder / f"{stem}.pem"
        self.path.write_bytes(b"".join(certificate.pem for certificate in self.chain))
        self.key_path = folder / f"{stem}.key"
        self.key_path.touch(0o600)
        self.key_path.write_bytes(self._private(serialization.Encoding.PEM))
        confidential.remember(
            base64.b64encode(self._private(serialization.Encoding.DER)).decode(), f"the private key of {name}"
        )

    def _private(self, encoding):
        return self.private_key.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def _signed(self, name, is_ca, days, common_name):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        signer = self.issuer or self
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.issuer.x509.subject if self.issuer else subject)
            .public_key(self.private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=self.begins))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        if self.purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([self.purpose]), critical=False)
        if self.permitted:
            permitted = [x509.DNSName(self.permitted)]
            builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
        edwards = isinstance(signer.private_key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
        return builder.sign(signer.private_key, None if edwards else hashes.SHA256())

    @property
    def chain(self):
        """This certificate and its issuers, without a self-signed root above them."""
        above = self.issuer.chain if self.issuer and self.issuer.issuer else []
        return [self, *above]

    @property
    def pem(self):
        return self.x509.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self):
        return self.x509.public_bytes(serialization.Encoding.DER)

    @property
    def spki(self):
        return self.x509.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def tlsa(self, parameters="3 1 1"):
        """The record of this very certificate: "3 1 1 4648..."."""
        _, selector, matching = map(int, parameters.split())
        return f"{parameters} {MATCHING[matching](self.spki if selector else self.der)}"

    def __str__(self):
        return str(self.path)
