"""Renewals as ACME clients and administrators make them: while the files are read, several before the first is deployed,
back and forth. Rows of ADVERSARY.md that held, and have to hold."""

import os
import random
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from support.dane_client import presented
from support.mail_host import NAME


def serves(host, certificate):
    return presented("127.0.0.1", host.port, NAME)[0] == certificate.der


def assert_pair(host):
    """The key that is installed is the certificate's: a restart of the service would not fail."""
    chain, key = host.services[0].pairs[0]
    private_key = serialization.load_pem_private_key(key.read_bytes(), None)
    leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    assert leaf.public_key().public_numbers() == private_key.public_key().public_numbers()


def in_two_halves(path, octets):
    with open(path, "r+b", buffering=0) as file:
        file.truncate(0)
        file.write(octets[: len(octets) // 2])
        time.sleep(random.uniform(0, 0.03))
        file.write(octets[len(octets) // 2 :])


def flip_links(host, new):
    """As certbot does, chain and key one after the other."""
    for place, target in zip(host.renewed[0], (new.path, new.key_path)):
        staged = place.with_suffix(".link")
        staged.symlink_to(target)
        os.rename(staged, place)
        time.sleep(random.uniform(0, 0.03))


def write_halves(host, new):
    """In place, the key before the chain."""
    in_two_halves(host.renewed[0][1], new.key_path.read_bytes())
    in_two_halves(host.renewed[0][0], new.path.read_bytes())


def write_leaf_first(host, new):
    """Each file at once, and the issuers when the key is there."""
    chain, key = host.renewed[0]
    for path, octets in ((chain, new.pem), (key, new.key_path.read_bytes()), (chain, new.path.read_bytes())):
        staged = path.with_suffix(".new")
        staged.write_bytes(octets)
        os.rename(staged, path)
        time.sleep(random.uniform(0, 0.03))


FLIPS = 20
HALF_A_FILE = 65


@pytest.mark.parametrize("renew", [flip_links, write_halves, write_leaf_first], ids=lambda how: how.__name__)
def test_files_may_be_renewed_while_they_are_read(mail_host, bind, certificate, renew):
    """Rows 20 and 20b: no pair apart, no mismatch, and nothing critical."""
    issuer = certificate("Issuer", is_ca=True, issuer=certificate("Root", is_ca=True))
    renewals = [certificate(issuer=issuer) for _ in range(FLIPS + 1)]
    host = mail_host(bind, renewals[0])

    def flip():
        for number, new in enumerate(renewals[1:], 1):
            renew(host, new)
            time.sleep(3 if number == FLIPS / 2 else random.uniform(0, 0.2))

    with host.watched():
        acme = threading.Thread(target=flip)
        acme.start()
        statuses = set()
        while acme.is_alive():
            run = host("run", exits=None)
            assert run.status in (0, 75) or renew is write_halves and run.status == HALF_A_FILE, str(run)
            assert_pair(host)
        host.until_done()
    assert serves(host, renewals[-1]) and host.records() == {renewals[-1].tlsa()}


def test_the_second_of_two_renewals_overtakes_the_first(mail_host, bind, certificate):
    """Row 25."""
    first, second = certificate(), certificate()
    host = mail_host(bind, certificate())
    with host.watched() as client:
        host.renew(first)
        host.until_awaits("may-be-cached")
        host.renew(second)
        host.until_done()
    assert client.chains.isdisjoint({first.der})
    assert serves(host, second) and host.records() == {second.tlsa()}


def test_a_renewal_that_is_taken_back_before_it_is_deployed(mail_host, bind, certificate):
    """Row 25."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    with host.watched() as client:
        host.renew(new)
        host.until_awaits("may-be-cached")
        host.renew(old)
        host.until_done()
    assert client.chains == {old.der}
    assert host.records() == {old.tlsa()}


def test_back_and_forth_and_back(mail_host, bind, certificate):
    """Row 25: four times, and what is deployed meanwhile is left to chance."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    with host.watched():
        for one in (new, old, new, old):
            host.renew(one)
            until = time.monotonic() + random.uniform(0, 2)
            while time.monotonic() < until:
                host("run", exits=None)
        host.until_done()
    assert serves(host, old) and host.records() == {old.tlsa()}


def test_a_renewal_with_the_same_key_and_then_one_with_another(mail_host, bind, certificate):
    """Row 25."""
    old = certificate()
    same, new = certificate(key=old.private_key), certificate()
    host = mail_host(bind, old)
    with host.watched():
        host.renew(same)
        host.until_done()
        assert serves(host, same) and host.records() == {old.tlsa()}
        host.renew(new)
        host.until_done()
    assert serves(host, new) and host.records() == {new.tlsa()}


def test_a_renewal_in_the_middle_of_the_reload(mail_host, bind, certificate):
    """Row 25."""
    new, next_one = certificate(), certificate()
    host = mail_host(bind, certificate())
    with host.watched():
        (chain, key), service = host.renewed[0], host.services[0]
        renewing = f"test -e {host.folder}/once || {{ cp {next_one.path} {chain}; cp {next_one.key_path} {key}; touch {host.folder}/once; }}"
        host.reload = f"{renewing}; {service.reload}"
        host.renew(new)
        host.until_done()
    assert (host.folder / "once").exists()
    assert serves(host, next_one) and host.records() == {next_one.tlsa()}


def test_a_ttl_of_zero_is_carried_through_with_a_warning(mail_host, bind, certificate):
    """Row 40."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old, ttl=0)
    host.service_settings["ttl"] = 0
    host.start()
    host.renew(new)
    run = host("run", exits=75)
    assert "the TTL of 0 s at" in run.err and "resolvers ask often" in run.err
    assert serves(host, old) and host.records() == {old.tlsa(), new.tlsa()}
    host.until_done()
    assert serves(host, new) and host.records() == {new.tlsa()}
