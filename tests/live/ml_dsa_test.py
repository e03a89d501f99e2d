"""Keys of ML-DSA (FIPS 204), which OpenSSL knows from 3.5 on: from the file to what an independent client accepts."""

import hashlib
import subprocess

import pytest

from support import confidential
from support.mail_service import MailService

PARAMETER_SETS = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"]
MAIL = "mail.example.test"


def openssl(*arguments, stdin=b""):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, input=stdin).stdout


pytestmark = pytest.mark.skipif(
    b"ML-DSA-65" not in openssl("list", "-signature-algorithms"), reason="this OpenSSL has no ML-DSA"
)


class MlDsa:
    """A certificate by the openssl command: the `cryptography` of Debian 13 knows no ML-DSA."""

    def __init__(self, folder, parameters):
        self.path, self.key_path = folder / f"{parameters}.pem", folder / f"{parameters}.key"
        openssl("req", "-x509", "-newkey", parameters, "-nodes", "-days", 90, "-subj", f"/CN={MAIL}",
                "-addext", f"subjectAltName=DNS:{MAIL}", "-keyout", self.key_path, "-out", self.path)  # fmt: skip
        self.key_path.chmod(0o600)
        confidential.remember("".join(self.key_path.read_text().splitlines()[1:-1]), f"the key of {parameters}")

    def tlsa(self):
        public_key = openssl("x509", "-in", self.path, "-noout", "-pubkey")
        spki = openssl("pkey", "-pubin", "-outform", "DER", stdin=public_key)
        return f"3 1 1 {hashlib.sha256(spki).hexdigest()}"

    def __str__(self):
        return str(self.path)


@pytest.fixture(params=PARAMETER_SETS)
def any_mail(request, tmp_path):
    return MlDsa(tmp_path, request.param)


@pytest.fixture
def mail(tmp_path):
    return MlDsa(tmp_path, "ML-DSA-65")


def test_the_record_is_what_openssl_computes(any_mail, tlsa_update, tmp_path):
    request = tmp_path / "request.csr"
    openssl("req", "-new", "-key", any_mail.key_path, "-subj", f"/CN={MAIL}", "-out", request)

    for file in (any_mail.path, any_mail.key_path, request):
        assert tlsa_update("generate", cert=file).out.split() == any_mail.tlsa().split()


@pytest.fixture
def service(mail, tmp_path):
    service = MailService(tmp_path / "service", mail)
    yield service
    service.stop()


def accepts(service, record):
    """A client that shares no code with the program."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{service.address}:{service.port}", "-starttls", "smtp", "-brief",
         "-dane_tlsa_domain", MAIL, "-dane_tlsa_rrdata", record],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)  # fmt: skip
    return "Verification: OK" in done.stderr and "DANE TLSA 3 1 1" in done.stderr


def test_a_record_that_is_published_is_accepted_by_a_client(bind, mail, service, tlsa_update):
    name, owner = f"{MAIL}:{service.port}", f"_{service.port}._tcp.mail"
    zone = bind.zone("example.test", "mail A 127.0.0.1")

    tlsa_update("publish", zone, name, cert=mail, assume_deployed=True, starttls="smtp", resolver=bind.at)

    [record] = zone.tlsa(owner).records
    assert accepts(service, record) and not accepts(service, f"3 1 1 {'f0' * 32}")
