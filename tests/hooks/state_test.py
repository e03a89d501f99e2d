"""Hooks run as root and the timer does not: both keep one ledger."""

import os

import pytest

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for another user")


@needs_root
def test_what_root_writes_to_the_state_of_another_user_is_that_users(tlsa_update, bind, certificate, tmp_path):
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, NOBODY, NOBODY)
    tlsa_update("publish", zone, "mail.example.test:25", cert=certificate())
    assert {file.stat().st_uid for file in state.iterdir()} == {NOBODY}


@needs_root
def test_a_reload_that_failed_for_root_is_repeated_by_the_user_of_the_state(tlsa_update, bind, certificate, tmp_path):
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    zone.negative_ttl = 1
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    os.chown(state, NOBODY, NOBODY)
    mail = certificate()
    tlsa_update("run", zone, "mail.example.test:25/sctp", cert=mail, ttl=1, margin="0s", wait=True,
                install=f"{mail} -> {tmp_path}/chain.pem", reload="false", nameserver=zone.server.at, exits=2)
    assert {file.name: file.stat().st_uid for file in state.iterdir()} == dict.fromkeys(
        ["ledger.json", "ledger.lock", "run.lock", "installed", "reload-mail.example.test:25%2Fsctp.pending"], NOBODY)


@needs_root
def test_state_that_a_stranger_could_write_is_refused(tlsa_update, bind, certificate, tmp_path):
    zone = bind.zone("example.test", "mail A 127.0.0.1")
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "ledger.lock").touch()
    os.chown(tmp_path / "state" / "ledger.lock", NOBODY, NOBODY)
    run = tlsa_update("publish", zone, "mail.example.test:25", cert=certificate(), exits=66)
    assert "belongs to another user" in run.err
    assert zone.tlsa("_25._tcp.mail") is None
