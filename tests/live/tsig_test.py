"""TSIG keys: every algorithm and every form of key file, against BIND and Knot."""

import shutil

import pytest

from support.dns import ALGORITHMS, WEAK

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_signs_an_update(primary, certificate, tlsa_update, algorithm):
    zone = primary.zone("example.test", "mail A 127.0.2.25", key=primary.key("update-key", algorithm))
    mail = certificate()

    tlsa_update("publish", zone, MAIL, cert=mail)

    assert zone.tlsa(OWNER).records == {mail.tlsa()}


@pytest.mark.parametrize("algorithm", WEAK)
def test_a_weak_algorithm_is_used_only_when_allowed(primary, certificate, tlsa_update, algorithm):
    zone = primary.zone("example.test", "mail A 127.0.2.25", key=primary.key("update-key", algorithm))

    run = tlsa_update(
        "publish", MAIL, server=zone.server.at, key_file=zone.key.path, cert=certificate(), exits=77
    )

    assert algorithm in run.err and "--allow-weak-tsig" in run.err
    assert zone.tlsa(OWNER) is None


def test_a_weak_algorithm_that_one_zone_allows_is_not_allowed_to_another(
    bind, certificate, tlsa_update, tmp_path
):
    key = bind.key("update-key", WEAK[0])
    allowed, other = (bind.zone(name, "mail A 127.0.2.25", key=key) for name in ("example.net", "example.test"))
    sections = tmp_path / "tlsa-update.conf"
    sections.write_text(
        f"server = {bind.at}\nkey-file = {key.path}\n[zone.example.net]\nallow-weak-tsig = yes\n"
    )
    allowed.serial()  # the server runs

    run = tlsa_update("publish", "mail.example.net:25", MAIL, config=sections, cert=certificate(), exits=77)

    assert "--allow-weak-tsig" in run.err
    assert other.tlsa(OWNER) is None


FORMS = {
    "clause inside a larger file": 'include "x"; # ours\n{clause}\nzone "a.test" {{ type primary; }};\n',
    "clause on one line": 'key "{name}" {{ secret "{secret}"; algorithm {algorithm}; }};',
    "clause without quotes": "key {name} {{ algorithm {algorithm}; secret {secret}; }};",
    "keymgr": "# a comment\nkey:\n- id: {name}\n  algorithm: {algorithm}\n  secret: {secret}\n",
    "one line": "{algorithm}:{name}:{secret}\n",
    "one line with CRLF": "{algorithm}:{name}:{secret}\r\n",
    "clause behind a byte-order mark": "\ufeff{clause}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_file_may_have_any_of_the_usual_forms(primary, certificate, tlsa_update, form):
    zone = primary.zone("example.test", "mail A 127.0.2.25")
    key = zone.key
    options = {"server": zone.server.at, "key_file": key.path}
    key.path.write_text(
        FORMS[form].format(
            clause=key.path.read_text(), name=key.name, algorithm=key.algorithm, secret=key.secret
        )
    )

    tlsa_update("publish", MAIL, **options, cert=certificate())

    assert zone.tlsa(OWNER)


@pytest.mark.parametrize("number", [163, 159], ids=["dnssec-keygen", "ldns-keygen"])
def test_a_private_file_names_its_key(primary, certificate, tlsa_update, tmp_path, number):
    zone = primary.zone("example.test", "mail A 127.0.2.25")
    file = tmp_path / f"Kupdate-key.+{number}+12345.private"
    file.touch(0o600)
    file.write_text(f"Private-key-format: v1.3\nAlgorithm: {number} (HMAC_SHA256)\nKey: {zone.key.secret}\n")

    tlsa_update("publish", MAIL, server=zone.server.at, key_file=file, cert=certificate())

    assert zone.tlsa(OWNER)


def test_systemd_hands_over_a_key_as_a_credential(primary, certificate, tlsa_update, tmp_path):
    zone = primary.zone("example.test", "mail A 127.0.2.25")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    shutil.copy(zone.key.path, credentials / "tsig.key")

    tlsa_update(
        "publish",
        MAIL,
        server=zone.server.at,
        cert=certificate(),
        environment={"CREDENTIALS_DIRECTORY": str(credentials)},
    )

    assert zone.tlsa(OWNER)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_that_others_can_read_is_refused(primary, certificate, tlsa_update, mode):
    zone = primary.zone("example.test", "mail A 127.0.2.25")
    zone.server.start()
    zone.key.path.chmod(mode)

    run = tlsa_update("publish", zone, MAIL, cert=certificate(), exits=66)

    assert str(zone.key.path) in run.err
    assert zone.tlsa(OWNER) is None


def test_no_verbosity_prints_a_secret(primary, certificate, tlsa_update, tmp_path):
    """Program searches the output of every run; this one has the most output there can be."""
    zone = primary.zone("example.test", "mail A 127.0.2.25")

    run = tlsa_update("publish", zone, MAIL, "-v", "-v", "-v", "-v", cert=certificate(), format="json")

    assert "debug" in run.err


def test_queries_are_signed_too(bind, certificate, tlsa_update):
    """As a server with views, or one that answers nobody else, needs them to be."""
    bind.more = "allow-query { key update-key; };"
    zone = bind.zone("example.test", "mail A 127.0.2.25")

    tlsa_update("publish", zone, MAIL, cert=certificate(), no_sign_queries=True, exits=77)
    tlsa_update("publish", zone, MAIL, cert=certificate())

    assert len(zone.tlsa(OWNER).records) == 1
