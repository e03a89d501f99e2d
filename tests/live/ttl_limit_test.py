"""A server that grants no TTL beyond its own limit is asked once, and the second run changes nothing (I7)."""

import pytest

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"
LIMITED = "the server limits the TTL of _25._tcp.mail.example.test. to 1 d"


@pytest.mark.parametrize("before", [None, 3600, 86400])
def test_a_ttl_beyond_the_limit_of_the_zone_converges(bind, certificate, tlsa_update, before):
    mail = certificate()
    records = [f"{OWNER} {before} TLSA {mail.tlsa()}"] if before else []
    zone = bind.zone("example.test", "mail A 127.0.2.25", *records)  # dnssec-policy has a limit of one day

    first = tlsa_update("publish", zone, MAIL, cert=mail, ttl="2d")
    serial = zone.serial()
    again = tlsa_update("publish", zone, MAIL, cert=mail, ttl="2d")

    assert LIMITED in first.err and LIMITED in again.err
    assert zone.tlsa(OWNER).ttl == 86400
    assert zone.tlsa(OWNER).records == {mail.tlsa()}
    assert zone.serial() == serial
    assert "published: as wanted" in again.out


def test_within_the_limit_a_ttl_moves_as_ever(bind, certificate, tlsa_update):
    mail = certificate()
    zone = bind.zone("example.test", "mail A 127.0.2.25")
    tlsa_update("publish", zone, MAIL, cert=mail, ttl="2d")

    run = tlsa_update("publish", zone, MAIL, cert=mail, ttl="2h")

    assert "limits" not in run.err
    assert zone.tlsa(OWNER).ttl == 7200
