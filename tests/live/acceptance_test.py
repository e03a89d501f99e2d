"""One acceptance (W5): a chain of which the digest is published, and which clients refuse all the same, is neither
deployed over one that they accept nor relied on when records go. OpenSSL's reason is in the report."""

import subprocess

import pytest

from support.certificates import CLIENT_AUTH
from support.dane_client import presented
from support.mail_host import NAME

ANCHOR = "2 1 1"


@pytest.fixture
def root(certificate):
    return certificate("Root", is_ca=True)


@pytest.fixture
def issuer(certificate, root):
    return certificate("Intermediate", is_ca=True, issuer=root)


def anchored(host, anchor):
    """Its trust anchor is published, and nothing else."""
    host.zone.records = [record for record in host.zone.records if "TLSA" not in record]
    host.zone.records.append(f"{host.owner} 1 TLSA {anchor.tlsa(ANCHOR)}")
    host.published = {anchor.tlsa(ANCHOR)}
    host.service_settings["tlsa"] = [ANCHOR]
    return host


@pytest.fixture
def host(mail_host, bind, certificate, issuer):
    return anchored(mail_host(bind, certificate(issuer=issuer)), issuer)


def served(host):
    return presented(host.services[0].address, host.port, NAME)[0]


def assert_refused(host, bad, why):
    before = served(host)
    host.renew(bad)
    for command in ("run", "ready", "deploy"):
        run = host(command, exits=2)
        assert f"clients would refuse this certificate by the record that it matches (RFC 7671 section 5): {why}" in run.out
    blockers = host("run", exits=2, format="json").json["blockers"]
    assert ("not-accepted", "operator") in {(one["reason"], one["ends"]) for one in blockers}
    assert served(host) == before
    assert host.records() == host.published


BAD = {
    "another name": ({"name": "other.example.test"}, "hostname mismatch"),
    "a lost name": ({"name": "www.example.test", "subject": NAME}, "hostname mismatch"),
    "expired": ({"begins": -9, "days": -1}, "certificate has expired"),
    "not yet valid": ({"begins": 1}, "certificate is not yet valid"),
    "for clients": ({"purpose": CLIENT_AUTH}, "unsuitable certificate purpose"),
}


@pytest.mark.parametrize("kind", BAD)
def test_w5_a_renewed_chain_that_clients_refuse_is_not_deployed_and_the_next_good_one_is(host, certificate, issuer, kind):
    """ADVERSARY 02."""
    options, why = BAD[kind]
    with host.watched():
        assert_refused(host, certificate(issuer=issuer, **options), why)
        good = certificate(issuer=issuer)
        host.renew(good)
        host("run", wait=True)

    assert served(host) == good.der


def with_root(leaf, *issuers):
    leaf.path.write_bytes(b"".join(one.pem for one in (leaf, *issuers)))
    return leaf


def test_w5_nor_one_whose_intermediate_has_expired(mail_host, bind, certificate, root, issuer):
    """ADVERSARY 04."""
    host = anchored(mail_host(bind, with_root(certificate(issuer=issuer), issuer, root)), root)
    host.service_settings["ta"] = "root"
    stale = certificate("Intermediate", is_ca=True, issuer=root, begins=-9, days=-1)
    host.start()

    assert_refused(host, with_root(certificate(issuer=stale), stale, root), "certificate has expired")


def assert_key_stays(host):
    """Records change from 3 1 1 to 2 1 1, by which nobody accepts what is served."""
    host.service_settings["tlsa"] = [ANCHOR]
    for _ in range(4):
        run = host("run", exits=2)
        assert host.records() == host.published
    assert "would match nothing that is served now" in run.err


def test_w5_a_record_is_not_deleted_for_one_by_which_clients_refuse_the_purpose(mail_host, bind, certificate, issuer):
    """ADVERSARY 03a."""
    host = mail_host(bind, certificate(issuer=issuer, purpose=CLIENT_AUTH))
    with host.watched():
        assert_key_stays(host)


def test_w5_nor_for_one_whose_issuer_may_not_sign_for_the_host(mail_host, bind, certificate, root):
    """ADVERSARY 03b."""
    elsewhere = certificate("Intermediate", is_ca=True, issuer=root, permitted="elsewhere.test")
    host = mail_host(bind, certificate(issuer=elsewhere))
    with host.watched():
        assert_key_stays(host)


def accepts(host, record):
    """A client's own judgement: OpenSSL's."""
    asked = f"openssl s_client -starttls smtp -connect 127.0.0.1:{host.port} -verify_return_error -dane_tlsa_domain {NAME}"
    words = [*asked.split(), "-dane_tlsa_rrdata", record, "-brief"]
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=30).returncode == 0


def test_w5_an_anchor_may_have_expired_where_clients_do_not_mind(mail_host, bind, certificate, root):
    """ADVERSARY 03c: OpenSSL does not ask for the dates of a trust anchor that a record names."""
    expired = certificate("Intermediate", is_ca=True, issuer=root, begins=-9, days=-1)
    host = mail_host(bind, certificate(issuer=expired))
    with host.watched():
        assert accepts(host, expired.tlsa(ANCHOR)) and not accepts(host, root.tlsa(ANCHOR))
        host.service_settings["tlsa"] = [ANCHOR]
        host.until_done()
    assert host.records() == {expired.tlsa(ANCHOR)}


def assert_changes_nothing(host, why):
    before = served(host)
    for command in ("run", "publish", "ready", "deploy"):
        assert why in host(command, exits=65).err
    assert served(host) == before and host.records() == host.published


def test_w5_an_issuer_that_is_no_authority_is_refused(mail_host, bind, certificate, root):
    """ADVERSARY 03c."""
    host = mail_host(bind, certificate())
    with host.watched():
        host.renew(certificate(issuer=certificate("Intermediate", issuer=root)))
        host.service_settings["tlsa"] = [ANCHOR]
        assert_changes_nothing(host, "CN=Intermediate stands as an issuer but is no CA certificate")


def test_w5_a_chain_with_a_gap_is_refused(mail_host, bind, certificate, root, issuer):
    """ADVERSARY 04a."""
    host = anchored(mail_host(bind, with_root(certificate(issuer=issuer), issuer, root)), root)
    host.service_settings["ta"] = "root"
    with host.watched():
        host.renew(with_root(certificate(issuer=issuer), root))
        assert_changes_nothing(host, "no issuer is in the files given")


def test_w5_after_a_deployment_the_report_shows_what_is_served_then(mail_host, bind, certificate):
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    with host.watched():
        host.renew(new)
        while served(host) == old.der:
            run = host("run", exits=None, format="json")
            assert run.status in (0, 75), str(run)

    [endpoint] = run.json["endpoints"]
    assert (endpoint["dane"], endpoint["matched"]) == ("ok", new.tlsa())
