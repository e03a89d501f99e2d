"""Targets of an installation that are not as they should be: a clear error that names the file, the old pair
whole in its place, and every other file as it was."""

import os
import socket
import subprocess

import pytest

from support.nsd import Nsd
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


@pytest.fixture
def bound(ready_host):
    """The key is a mount of its own, as in a container: nothing can be renamed over it."""
    _, key = ready_host.services[0].pairs[0]
    script = f"mount --bind {key} {key} && exec \"$@\""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        pytest.skip("mounts need root")
    return ["unshare", "-m", "sh", "-c", script, "sh"]


def left_over(host):
    folder = host.services[0].pairs[0][0].parent
    return [*folder.glob(".*.tlsa-update*"), *(host.folder / "state").glob("install.*")]


def test_when_the_second_file_cannot_be_renamed_the_first_is_put_back(ready_host, bound):
    host = ready_host
    pair = host.services[0].pairs[0]
    before = [path.read_bytes() for path in pair]

    run = host("deploy", through=bound, exits=66)

    assert f"{pair[1]}: Device or resource busy" in run.err
    assert [path.read_bytes() for path in pair] == before
    assert not left_over(host)
    host("deploy")
    assert [path.read_bytes() for path in pair] == [path.read_bytes() for path in host.renewed[0]]


def cut_off(host):
    """As a kill leaves it that comes when the chain is new and the key is not."""
    for path, renewed in zip(host.services[0].pairs[0], host.renewed[0]):
        path.with_name(f".{path.name}.tlsa-update").write_bytes(renewed.read_bytes())
        os.link(path, path.with_name(f".{path.name}.tlsa-update-old"))
    chain, key = host.services[0].pairs[0]
    (host.folder / "state" / "install.pending").write_text(f"forward\n{chain}\n{key}\n")
    os.rename(chain.with_name(f".{chain.name}.tlsa-update"), chain)


@pytest.mark.parametrize("then", ["a secondary is down", "it is renewed", "the renewal is broken"])
def test_a_pair_does_not_stay_apart_after_a_kill(mail_host, bind, servers, certificate, then):
    """Whatever the next run finds: it is not ready for anything."""
    host = mail_host(bind, certificate(), ttl=0)
    secondary = servers(Nsd)
    secondary.follow(host.zone)
    host.authorities.append(secondary)
    host.start()
    host.renew(certificate())
    host("publish")
    host("ready", wait=True)
    begun = [path.read_bytes() for path in host.renewed[0]]
    cut_off(host)

    if then == "a secondary is down":
        secondary.stop()
    elif then == "it is renewed":
        host.settings["margin"] = 600
        host.renew(certificate())
    else:
        host.renewed[0][0].write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    host("run", exits=None)

    assert [path.read_bytes() for path in host.services[0].pairs[0]] == begun
    assert not left_over(host)


def test_an_installation_that_was_cut_off_and_cannot_be_ended_is_taken_back(ready_host, bound):
    host = ready_host
    before = [path.read_bytes() for path in host.services[0].pairs[0]]
    cut_off(host)
    assert host.services[0].pairs[0][0].read_bytes() != before[0]

    host("run", through=bound, exits=66)

    assert [path.read_bytes() for path in host.services[0].pairs[0]] == before
    assert not left_over(host)


def test_a_state_that_names_other_files_moves_none_of_them(ready_host):
    """Root may run with the state of an unprivileged user."""
    host = ready_host
    victim = host.folder / "victim"
    victim.write_text("old")
    (host.folder / ".victim.tlsa-update").write_text("new")
    (host.folder / "state" / "install.pending").write_text(f"forward\n{victim}\n")

    run = host("run", exits=None)

    assert victim.read_text() == "old"
    assert f"{victim}: its installation was cut off" in run.err
