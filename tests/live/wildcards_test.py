"""A wildcard stands behind a name (RFC 4592): it answers before the first record of the name itself is there, and
again when the last one is gone. Neither may break what is served."""

import pytest

from support.dane_client import DaneClient
from support.mail_host import NAME


@pytest.fixture
def host(mail_host, primary, certificate):
    host = mail_host(primary, certificate())
    host.installs = False
    return host


def behind(host, *records):
    """A wildcard at the same host."""
    host.zone.records = [*host.zone.records, *(f"*._tcp.mail {record}" for record in records)]


def test_w9_unpublish_uncovers_no_wildcard_that_would_refuse_what_is_served(host, certificate):
    """ADVERSARY 06 and 06k."""
    other = certificate()
    behind(host, f"1 TLSA {other.tlsa()}")
    with host.watched():
        for more in ({"dry_run": True}, {}):
            run = host("prune", unpublish=True, exits=2, **more)
            assert "a wildcard answers here" in run.err and "--force" in run.err
        refused = host("prune", unpublish=True, exits=2, format="json")
    assert '"reason":"uncovers-wildcard"' in refused.out
    assert host.records() == host.published

    host("prune", unpublish=True, force=True)


def test_w9_a_wildcard_that_matches_may_be_uncovered(host):
    behind(host, *(f"1 TLSA {record}" for record in host.published))
    with host.watched() as client:
        host("prune", unpublish=True)
        client.pause()


def test_w9_an_alias_to_elsewhere_is_not_uncovered(host):
    behind(host, "1 CNAME somewhere.else.test.")
    host.start()

    run = host("prune", unpublish=True, exits=2)

    assert "a wildcard answers here" in run.err
    assert host.records() == host.published


def test_w9_the_ttl_of_a_wildcard_that_is_hidden_is_waited_for(mail_host, bind, certificate):
    """ADVERSARY 07."""
    old, new = certificate(), certificate()
    host = mail_host(bind, old)
    host.zone.records = [record for record in host.zone.records if "TLSA" not in record]
    host.zone.records.append(f"*._tcp.mail 12 TLSA {old.tlsa()}")
    host.service_settings["ttl"] = 1
    for server in (*host.authorities, *host.services):
        assert server.port
    with DaneClient(host.zone.full(host.owner), NAME, host.authorities, host.services) as client:
        client.pause()  # what it knows is the wildcard's answer
        host("publish", force=True)
        host.renew(new)
        assert "matches the certificate that would be replaced" in host("run", wait=True, exits=2).err
        host.zone.change(("delete", "*._tcp.mail", "TLSA"))
        host("run", wait=True)

    assert client.chains == {old.der, new.der}
    assert host.records() == {new.tlsa()}
