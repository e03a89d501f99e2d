"""Reading a zone by query or by AXFR: every way gives the same plan."""

import pytest

FOREIGN = "3 1 1 " + "f0" * 32


@pytest.mark.parametrize("read", ["query", "axfr", "auto"])
def test_every_way_to_read_gives_the_same_plan(primary, certificate, tlsa_update, read):
    mail = certificate()
    zone = primary.zone(
        "example.test",
        "mail A 192.0.2.25",
        f"_25._tcp.mail 300 TLSA {FOREIGN}",
        "www A 192.0.2.80",
        "_443._tcp.www CNAME _25._tcp.mail",
        "*.wild A 192.0.2.81",
    )

    run = tlsa_update(
        "publish",
        zone,
        "mail.example.test:25,465",
        "www.example.test:443",
        "new.example.test:25",
        cert=mail,
        read=read,
        dry_run=True,
        format="json",
        exits=1,
    )

    assert {
        (rrset["asked"], rrset["owner"], rrset["ttl"], record["data"], record["state"], record["action"])
        for rrset in run.json["zones"][0]["rrsets"]
        for record in rrset["records"]
    } == {
        (asked, owner, ttl, data.split()[-1], state, action)
        for asked, owner, ttl, data, state, action in [
            ("_25._tcp.mail.example.test.", "_25._tcp.mail.example.test.", 300, FOREIGN, "foreign", "none"),
            (
                "_25._tcp.mail.example.test.",
                "_25._tcp.mail.example.test.",
                300,
                mail.tlsa(),
                "missing",
                "add",
            ),
            (
                "_465._tcp.mail.example.test.",
                "_465._tcp.mail.example.test.",
                3600,
                mail.tlsa(),
                "missing",
                "add",
            ),
            ("_25._tcp.new.example.test.", "_25._tcp.new.example.test.", 3600, mail.tlsa(), "missing", "add"),
        ]
    }


def test_auto_falls_back_to_queries_and_says_so_when_the_transfer_is_refused(bind, certificate, tlsa_update):
    zone = bind.zone("example.test", *[f"host{number} A 192.0.2.25" for number in range(60)])
    zone.readers = []
    names = [f"host{number}.example.test:25" for number in range(60)]
    mail = certificate()

    run = tlsa_update("publish", zone, *names, cert=mail)

    assert "AXFR" in run.err
    assert zone.tlsa("_25._tcp.host59").records == {mail.tlsa()}
