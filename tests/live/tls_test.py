"""DNS over TLS to BIND, and to Knot from 3.4 on: a peer that is not who it should be is told nothing, and that is exit status 76."""

import base64
import hashlib

import pytest

from support import knot
from support.bind import Bind

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"


@pytest.fixture
def root(certificate):
    return certificate("A root of our own", is_ca=True)


KINDS = [
    Bind,
    pytest.param(knot.Knot, marks=pytest.mark.skipif(knot.version() < (3, 4), reason="no DNS over TLS before Knot 3.4")),
]


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__.lower())
def zone(request, servers, certificate, root):
    """The server presents a certificate for ns.example.test."""
    primary = servers(request.param)
    primary.speak_tls(certificate("ns.example.test", issuer=root))
    return primary.zone("example.test", "mail A 127.0.2.25")


def pin(certificate):
    return base64.b64encode(hashlib.sha256(certificate.spki).digest()).decode()


def by_tls(zone, **options):
    zone.serial()  # the server runs
    return {
        "server": f"127.0.0.1@{zone.server.tls_port}",
        "key_file": zone.key.path,
        "transport": "tls",
        **options,
    }


def test_an_authority_and_a_name_that_are_right(zone, root, certificate, tlsa_update):
    mail = certificate()

    tlsa_update("publish", MAIL, **by_tls(zone, tls_ca=root, tls_hostname="ns.example.test"), cert=mail)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_a_byte_order_mark_hides_no_authority(zone, root, certificate, tlsa_update):
    root.path.write_bytes(b"\xef\xbb\xbf" + root.path.read_bytes())

    tlsa_update(
        "publish", MAIL, **by_tls(zone, tls_ca=root, tls_hostname="ns.example.test"), cert=certificate()
    )

    assert zone.tlsa(OWNER)


def test_a_pin_that_is_right_needs_no_authority(zone, certificate, tlsa_update):
    mail = certificate()

    tlsa_update("publish", MAIL, **by_tls(zone, tls_pin=pin(zone.server.certificate)), cert=mail)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


def test_a_zone_is_transferred_by_tls(zone, root, certificate, tlsa_update):
    mail = certificate()

    tlsa_update(
        "publish", MAIL, **by_tls(zone, tls_ca=root, tls_hostname="ns.example.test"), cert=mail, read="axfr"
    )

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


WRONG = {
    "authority": lambda root, other: {"tls_ca": other, "tls_hostname": "ns.example.test"},
    "name": lambda root, other: {"tls_ca": root, "tls_hostname": "ns.elsewhere.test"},
    "address for a name": lambda root, other: {"tls_ca": root},
    "pin": lambda root, other: {"tls_pin": pin(other)},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_peer_that_fails_verification_is_told_nothing(zone, root, certificate, tlsa_update, what):
    other = certificate("Another root", is_ca=True)

    tlsa_update("publish", MAIL, **by_tls(zone, **WRONG[what](root, other)), cert=certificate(), exits=76)

    assert zone.tlsa(OWNER) is None
    assert zone.server.updates() == 0


def without_tls(zone):
    """The exit status where a handshake meets a port for plain DNS: no answer, or one that is against the protocol."""
    return 69 if isinstance(zone.server, Bind) else 76


def test_a_port_that_speaks_no_tls_is_waited_for_no_longer_than_told(zone, root, certificate, tlsa_update):
    """To BIND the handshake is the beginning of a long message, so it says nothing. Knot hangs up."""
    options = {
        "tls_ca": root,
        "tls_hostname": "ns.example.test",
        "transport": "tls",
        "timeout": 1,
        "retries": 0,
    }

    run = tlsa_update("publish", zone, MAIL, cert=certificate(), **options, exits=without_tls(zone))

    assert f"{zone.server.at}: " in run.err
    assert zone.tlsa(OWNER) is None


def test_one_zone_asks_for_tls_and_another_of_the_same_server_does_not(zone, certificate, tlsa_update, tmp_path):
    """The second does not go over the connection of the first; and its own port speaks no TLS."""
    other = zone.server.zone("example.net", "mail A 127.0.2.26", key=zone.key)
    sections = tmp_path / "tlsa-update.conf"
    sections.write_text(
        f"server = {zone.server.at}\nkey-file = {zone.key.path}\n[zone.example.net]\ntransport = tls\n"
    )
    mail = certificate()
    other.serial()  # the server runs

    tlsa_update(
        "publish", MAIL, "mail.example.net:25", config=sections, cert=mail, timeout=1, retries=0, exits=without_tls(zone)
    )

    assert zone.tlsa(OWNER).records == {mail.tlsa()}
    assert other.tlsa(OWNER) is None
