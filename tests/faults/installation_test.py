"""Targets of an installation that are not as they should be: a clear error that names the file, the old pair
whole in its place, and every other file as it was."""

import os
import socket

import pytest

from support.program import AS_ANYBODY


def contents(folder):
    return {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@pytest.fixture
def ready_host(mail_host, bind, certificate):
    """A renewal is published and may be deployed."""
    host = mail_host(bind, certificate(), ttl=0)
    host.start()
    host.renew(certificate())
    host("publish")
    host("ready", wait=True)
    return host


def socket_at(path, victim):
    path.unlink()
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))


def link_to(make):
    def spoil(path, victim):
        victim.write_bytes(path.read_bytes())
        path.unlink()
        make(path, victim)

    return spoil


def folder_at(path, victim):
    path.unlink()
    path.mkdir()


SPOILT_TARGETS = {
    "symbolic link": (link_to(lambda path, victim: path.symlink_to(victim)), "is a symbolic link"),
    "dangling symbolic link": (
        lambda path, victim: path.unlink() or path.symlink_to(victim),
        "is a symbolic link",
    ),
    "hard link": (link_to(lambda path, victim: os.link(victim, path)), "has several hard links"),
    "directory": (folder_at, "is no regular file"),
    "pipe": (lambda path, victim: path.unlink() or os.mkfifo(path), "is no regular file"),
    "socket": (socket_at, "is no regular file"),
}


@pytest.mark.parametrize("what", SPOILT_TARGETS)
def test_nothing_is_installed_over_what_is_no_plain_file(ready_host, tmp_path, what):
    spoil, text = SPOILT_TARGETS[what]
    chain, key = ready_host.services[0].pairs[0]
    before = chain.read_bytes()
    spoil(key, tmp_path / "victim")
    victim = contents(tmp_path)

    run = ready_host("run", exits=66)

    assert f"{key}: {text}" in run.err
    assert chain.read_bytes() == before, "one half of the pair is installed"
    assert contents(tmp_path) == victim


def test_a_folder_that_may_not_be_written_to_is_named_and_nothing_is_installed(ready_host):
    chain, key = ready_host.services[0].pairs[0]
    before = contents(chain.parent)
    chain.parent.chmod(0o500)

    run = ready_host("deploy", through=AS_ANYBODY, exits=66)

    chain.parent.chmod(0o700)
    assert "Permission denied" in run.err and str(chain.parent) in run.err
    assert {path: contents(chain.parent)[path] for path in (chain, key)} == {
        path: before[path] for path in (chain, key)
    }


def test_a_disk_that_is_full_half_way_leaves_the_old_pair(ready_host):
    """The key has room, the chain has not: it is all staged before any of it is installed."""
    host = ready_host
    chain, key = host.services[0].pairs[0]
    source = host.renewed[0][0]
    source.write_bytes(source.read_bytes() + b"# a chain that is longer than the ledger\n" * 2000)
    before = chain.read_bytes(), key.read_bytes()

    run = host("deploy", through=["prlimit", "--fsize=40000"], exits=66)

    assert "cannot be written: File too large" in run.err
    assert (chain.read_bytes(), key.read_bytes()) == before
    assert not list(chain.parent.glob(".*.tlsa-update")), "a staged file is left"


@pytest.mark.parametrize("owner", ["nobody-of-that-name", "root:nobodies-of-that-name"])
def test_an_owner_that_does_not_exist_is_told_before_anything_is_installed(ready_host, owner):
    host = ready_host
    chain, _ = host.services[0].pairs[0]
    before = chain.read_bytes()
    host.modes = (f"0644 {owner}", "0600")

    run = host("deploy", exits=78)

    assert "of-that-name" in run.err
    assert chain.read_bytes() == before
    assert not list(chain.parent.glob(".*.tlsa-update")), "a staged file is left"
