"""contrib/hooks/certbot-next: certbot with a next key. Its record is published one renewal ahead, so that a renewal is
deployed by the first run that sees it."""

import datetime
import os
import pathlib
import shutil

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.pebble import DOMAIN, AcmeClient, Pebble
from support.server import free_port, wait_until
from support.tls_folder import TlsFolder, record_of_chain, record_of_key

HOOK = pathlib.Path(__file__).parents[2] / "contrib" / "hooks" / "certbot-next"
TTL = 4  # seconds; a record that is published by the renewal itself waits for two of them

CONFIGURATION = """\
server     = {zone.server.at}
key-file   = {zone.key.path}
nameserver = {zone.server.at}
resolver   = {zone.server.at}
state-directory = {folder}/state
margin     = 0s
longest-ttl = 1s
grace      = 0s
ttl        = {ttl}

[service.mail]
name    = {domain}:{service.port}
cert    = {client.chain}
next    = {client.next}
install = {client.chain} -> {service.folder}/fullchain.pem
install = {client.key} -> {service.folder}/privkey.pem
reload  = touch {service.folder}/reloaded
"""


class CertbotNext(AcmeClient):
    """As its administrator calls it: the same command every day."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.home = self.folder / "next" / DOMAIN
        self.chain, self.key, self.next = (self.home / "current" / f"{what}.pem" for what in ("fullchain", "privkey", "next"))

    def command(self, *more):
        folders = [word for kind in ("config", "work", "logs") for word in (f"--{kind}-dir", self.folder / kind)]
        return [HOOK, "-d", DOMAIN, "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", free_port(),
                "--agree-tos", "--register-unsafely-without-email", "--server", self.pebble.url, *folders, *more]

    def daily(self, *more):
        return self.call("env", f"CERTBOT_NEXT_HOME={self.folder}/next", *self.command(*more))


@pytest.fixture
def service(tmp_path):
    made = TlsFolder(tmp_path / "service")
    yield made
    made.stop()


@pytest.fixture
def client(servers, tmp_path):
    """It calls tlsa-update by its name; here that reads this test's configuration."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "tlsa-update"
    program.write_text(f'#!/bin/sh\nexec "{os.environ["TLSA_UPDATE"]}" "$@" --config "{tmp_path}/tlsa-update.conf"\n')
    program.chmod(0o755)
    (tmp_path / "tlsa-update.conf").touch()
    return CertbotNext(tmp_path / "client", servers(Pebble), f"{tmp_path}/bin:{os.environ['PATH']}")


def test_a_renewal_deploys_with_no_wait(client, bind, service, tlsa_update, tmp_path):
    client.daily()  # the first issue, before anything is configured
    shutil.copy(client.chain, service.folder / "fullchain.pem")
    shutil.copy(client.key, service.folder / "privkey.pem")
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    zone.negative_ttl = 1
    owner = f"_{service.port}._tcp.mail"
    configuration = tmp_path / "tlsa-update.conf"
    configuration.write_text(CONFIGURATION.format(zone=zone, folder=tmp_path, domain=DOMAIN, service=service, client=client, ttl=TTL))
    served = lambda: record_of_chain(service.folder / "fullchain.pem")  # noqa: E731

    for renewal in (1, 2):
        client.daily()  # nothing is due: what is missing is published
        current, following = record_of_chain(client.chain), record_of_key(client.next)
        assert current == served() == record_of_key(client.key)
        tlsa_update("run", config=configuration, wait=True)
        assert zone.tlsa(owner).records == {current, following}
        wait_until(lambda: everywhere_for_two_ttls(tlsa_update, configuration, client.next), "two TTLs have passed", 60)

        client.daily("--force")
        assert record_of_chain(client.chain) == record_of_key(client.key) == following
        assert served() == current
        tlsa_update("run", config=configuration, exits=None)

        assert served() == following, f"renewal {renewal} was not deployed at once"
        assert zone.tlsa(owner).records >= {following, record_of_key(client.next)}

    tlsa_update("run", config=configuration, wait=True)
    assert zone.tlsa(owner).records == {following, record_of_key(client.next)}


def everywhere_for_two_ttls(tlsa_update, configuration, key):
    """A look, as the timer takes it, finds that nothing waits any more for the record of this key."""
    looked = tlsa_update("status", config=configuration, format="json", exits=None)
    record = record_of_key(key).split()[3]
    (found,) = [one for rrset in looked.json["zones"][0]["rrsets"] for one in rrset["records"] if one["data"] == record]
    return found["state"] == "published" and found["action"] == "none"


def test_an_interrupted_or_failed_renewal_changes_nothing_and_the_next_one_succeeds(client, tmp_path):
    client.daily()
    before = {file.name: file.read_text() for file in (client.home / "current").iterdir()}
    with pytest.raises(AssertionError):
        client.daily("--force", "--server", "https://localhost:1/dir")  # the last one counts: nobody is there
    (client.home / "new").mkdir(exist_ok=True)
    (client.home / "new" / "next.pem").write_text("half a key")
    assert {file.name: file.read_text() for file in (client.home / "current").iterdir()} == before

    client.daily("--force")

    assert client.key.read_text() == before["next.pem"]
    assert record_of_key(client.next) not in (record_of_key(client.key), None)
    assert not (client.home / "new").exists()


def test_keys_are_for_owner_and_group_alone_and_old_ones_go(client):
    for more in ([], ["--force"], ["--force"], ["--force"]):
        client.daily(*more)
    assert {file.stat().st_mode & 0o777 for file in client.home.rglob("*.pem")} == {0o640}
    assert client.home.stat().st_mode & 0o777 == 0o750
    versions = [folder for folder in client.home.iterdir() if folder.is_dir() and not folder.is_symlink()]
    assert len(versions) == 2 and (client.home / "current").resolve() in versions


def test_it_renews_when_a_third_of_the_lifetime_is_left(client, tmp_path):
    client.daily()
    first = client.chain.read_text()
    client.daily()
    assert client.chain.read_text() == first
    for days, is_renewed in ((61, True), (59, False)):
        made_before(client.chain, days)
        text = client.chain.read_text()
        client.daily()
        assert (client.chain.read_text() != text) == is_renewed, days


def made_before(chain, days):
    """A certificate of 90 days in its place, that was made some days ago."""
    now = datetime.datetime.utcnow()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=days)).not_valid_after(now + datetime.timedelta(days=90 - days))
            .sign(key, hashes.SHA256()))
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
