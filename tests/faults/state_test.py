"""A state directory that is not as it should be: a clear error that names the file, before anything is sent,
and every other file as it was."""

import os
import stat

import pytest

from support.bind import Bind
from support.program import AS_ANYBODY

MAIL = "mail.example.test:25"
OWNER = "_25._tcp.mail"
NOBODY = 65534


@pytest.fixture(scope="module")
def zone(tmp_path_factory):
    """One for all that must not get as far as to change it."""
    server = Bind(tmp_path_factory.mktemp("state") / "bind")
    yield server.zone("example.test", "mail A 127.0.2.25", signing=None)
    server.stop()


@pytest.fixture
def fresh_zone(bind):
    return bind.zone("example.test", "mail A 127.0.2.25", signing=None)


@pytest.fixture
def state(tmp_path):
    """The state directory, and beside it a file that is somebody else's affair."""
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "victim").write_text("{}")
    return tmp_path / "state"


def contents(folder):
    return {file: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def instead(make):
    """Something else in the place of the ledger, of its lock, or of the directory itself."""

    def spoil(path, victim):
        if path.is_dir():
            path.rmdir()
        make(path, victim)

    return spoil


def with_mode(mode):
    def spoil(path, victim):
        path.is_dir() or path.write_text("{}")
        path.chmod(mode)

    return spoil


def of_another_user(path, victim):
    path.touch()
    path.chmod(0o666)  # so that it is not for want of a permission
    os.chown(path, NOBODY, NOBODY)


symbolic = instead(lambda path, victim: path.symlink_to(victim))
hard = instead(lambda path, victim: os.link(victim, path))
fifo = instead(lambda path, victim: os.mkfifo(path, 0o600))
folder = instead(lambda path, victim: path.mkdir())
a_file = instead(lambda path, victim: path.write_text("{}"))
SPOILT_STATE = {
    "directory is a symbolic link": (".", symbolic, "must be a directory, no link"),
    "directory is a file": (".", a_file, "state"),
    "directory others may write to": (".", with_mode(0o777), "others may write to it"),
    "directory the group may write to": (".", with_mode(0o770), "others may write to it"),
    "read-only directory": (".", with_mode(0o500), "Permission denied"),
    "ledger is a symbolic link": ("ledger.json", symbolic, "ledger.json"),
    "ledger has hard links": ("ledger.json", hard, "several hard links"),
    "ledger is a directory": ("ledger.json", folder, "ledger.json"),
    "ledger is a pipe": ("ledger.json", fifo, "no regular file"),
    "ledger others may write to": ("ledger.json", with_mode(0o666), "others may write to it"),
    "ledger nobody may read": ("ledger.json", with_mode(0o000), "Permission denied"),
    "lock is a symbolic link": ("ledger.lock", symbolic, "ledger.lock"),
    "lock has hard links": ("ledger.lock", hard, "several hard links"),
    "lock is a pipe": ("ledger.lock", fifo, "no regular file"),
    "new ledger is a directory": ("ledger.json.new", folder, "ledger.json.new"),
}
if os.geteuid() == 0:
    SPOILT_STATE |= {
        "ledger of another user": ("ledger.json", of_another_user, "belongs to another user"),
        "lock of another user": ("ledger.lock", of_another_user, "belongs to another user"),
    }


@pytest.mark.parametrize("command", ["publish", "run"])
@pytest.mark.parametrize("what", SPOILT_STATE)
def test_state_that_is_not_as_it_should_be_ends_it_before_anything_is_sent(
    zone, certificate, tlsa_update, tmp_path, state, command, what
):
    name, spoil, text = SPOILT_STATE[what]
    spoil(state if name == "." else state / name, tmp_path / "victim")
    options = {"address": "192.0.2.25"} if command == "run" else {}

    run = tlsa_update(
        command, zone, MAIL, cert=certificate(), through=AS_ANYBODY, timeout=1, exits=66, **options
    )

    assert text in run.err and str(state) in run.err, str(run)
    assert zone.tlsa(OWNER) is None and zone.server.updates() == 0
    assert (tmp_path / "victim").read_text() == "{}"


@pytest.mark.parametrize("kind", [symbolic, hard], ids=["symbolic", "hard"])
def test_what_lies_where_the_new_ledger_is_to_be_written_is_not_written_to(
    fresh_zone, certificate, tlsa_update, tmp_path, state, kind
):
    kind(state / "ledger.json.new", tmp_path / "victim")

    tlsa_update("publish", fresh_zone, MAIL, cert=certificate())

    assert (tmp_path / "victim").read_text() == "{}"
    assert stat.S_ISREG((state / "ledger.json").lstat().st_mode)


@pytest.mark.parametrize("known", [False, True], ids=["first", "later"])
def test_a_full_disk_ends_it_before_anything_is_sent(fresh_zone, certificate, tlsa_update, state, known):
    old, new = certificate(), certificate()
    if known:
        tlsa_update("publish", fresh_zone, MAIL, cert=old)
    before = contents(state)

    run = tlsa_update("publish", fresh_zone, MAIL, cert=new, through=["prlimit", "--fsize=64"], exits=66)

    assert "ledger.json.new: cannot be written: File too large" in run.err
    assert contents(state).items() >= before.items()
    rrset = fresh_zone.tlsa(OWNER)
    assert (rrset.records if rrset else set()) == ({old.tlsa()} if known else set())
    assert fresh_zone.server.updates() == int(known)


def test_a_state_directory_that_cannot_be_made_is_named(zone, certificate, tlsa_update, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)

    run = tlsa_update(
        "publish",
        zone,
        MAIL,
        cert=certificate(),
        state_directory=tmp_path / "closed" / "state",
        through=AS_ANYBODY,
        exits=66,
    )

    assert "closed/state: the state directory cannot be made: Permission denied" in run.err
    assert zone.tlsa(OWNER) is None
