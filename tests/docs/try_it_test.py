"""contrib/try-it, a newcomer's first command, tells the whole story, and leaves nothing behind, however it ends."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from support.server import wait_until

TRY_IT = pathlib.Path(__file__).parents[2] / "contrib/try-it"
GREEN = r"check: green by the records of the (\w+) \((\d)\): DANE TLSA 3 1 1 \S+ matched .*EE certificate"

# Each line comes after the one before it.
STORY = [
    r"^1\. ", r"^\$ tlsa-update publish ", r"added \[acme/fullchain\.pem\]", r"^\(exit status 0\)", *[GREEN] * 2,
    r"^2\. ", r"^\$ tlsa-update run ", r"added \[acme/fullchain\.pem\]",
    r"^not ready: .*acme/fullchain\.pem: .*: not yet at every authoritative server \[127\.0\.0\.1 127\.0\.0\.1@\d+\]",
    r"^\(exit status 75\)", *[GREEN] * 2,
    r"^3\. ", r"^\$ tlsa-update run ", r"^not ready: .*acme/fullchain\.pem: .*: caches may still hold the RRset from before the change",
    r"^\(exit status 75\)", *[GREEN] * 2,
    r"^4\. ", r"^\$ tlsa-update ready --wait ", r"published: as wanted \[acme/fullchain\.pem\]", r"^\(exit status 0\)", *[GREEN] * 2,
    r"^5\. ", r"^\$ tlsa-update run ", r"service/fullchain\.pem: installed from acme/fullchain\.pem",
    r"service/privkey\.pem: installed from acme/privkey\.pem", r"^not ready: .*: the deletion of 3 1 1 ", r"^\(exit status 75\)",
    *[GREEN] * 2,
    r"^6\. ", r"^\$ tlsa-update run --wait ", r"^      deleted", r"^\(exit status 0\)", *[GREEN] * 2,
    r"^7\. ", r"^\$ tlsa-update verify ", r" ecdsa: ok", r"^dnssec: secure", r"^\(exit status 0\)", *[GREEN] * 2,
    r"^That took \d+ s, and every check was green",
]  # fmt: skip

# How many records clients of the primary and of the secondary have at each check: the secondary lags twice.
RECORDS = [("1", "1"), ("2", "1"), ("2", "2"), ("2", "2"), ("2", "2"), ("1", "2"), ("1", "1")]


class Story:
    """A run of contrib/try-it in a session of its own, as from a terminal: what it starts can be found there."""

    def __init__(self, folder, umask=0o022, **environment):
        self.folder = folder
        self.temporary = folder / "temporary"
        self.temporary.mkdir(parents=True)
        self.output = folder / "output"
        home = {"HOME": str(folder), "TMPDIR": str(self.temporary)}
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [TRY_IT], cwd=folder, env={"PATH": os.environ["PATH"], "TLSA_UPDATE": os.environ["TLSA_UPDATE"]} | home | environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, umask=umask,
            )  # fmt: skip

    @property
    def said(self):
        return self.output.read_text()

    def ends(self):
        try:
            return self.process.wait(120)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise

    def left(self):
        """Processes of the session, and files: in the folder for them, and where the configuration says that they were."""
        played = re.findall(r"^install = \S+ -> (/.*)/service/", self.said, re.M)
        files = [str(file) for file in self.temporary.iterdir()] + [folder for folder in played if os.path.exists(folder)]
        return files + processes_of(self.process.pid)


def processes_of(session):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rsplit(") ", 1)[1].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has just ended
            pass
    return found


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """The same story, told to several newcomers at once."""
    folder = tmp_path_factory.mktemp("try-it")
    blank, bare = folder / "a blank", folder / "bare"
    blank.mkdir()
    bare.mkdir()
    # A bare tree of Debian has no procps: there `kill` is the shell's own alone.
    (bare / "kill").write_text("#!/bin/sh\nexit 127\n")
    (bare / "kill").chmod(0o755)
    running = {
        "as it stands": Story(folder / "plain"),
        "a user's PATH, a strict umask, no colour": Story(folder / "user", umask=0o077, PATH=f"{bare}:/usr/bin:/bin", NO_COLOR="1"),
        "TMPDIR with a blank": Story(folder / "blank", TMPDIR=str(blank)),
    }
    for story in running.values():
        story.ends()
    return running


NEWCOMERS = ["as it stands", "a user's PATH, a strict umask, no colour", "TMPDIR with a blank"]


@pytest.mark.parametrize("newcomer", NEWCOMERS)
def test_it_tells_the_whole_story(stories, newcomer):
    said = stories[newcomer].said
    assert stories[newcomer].process.returncode == 0, said
    at = 0
    for line in STORY:
        found = re.compile(line, re.M).search(said, at)
        assert found, f"no {line!r} in:\n{said[at:]}"
        at = found.end()


@pytest.mark.parametrize("newcomer", NEWCOMERS)
def test_an_independent_client_is_content_all_along_with_either_server(stories, newcomer):
    checks = re.findall(rf"^{GREEN}", stories[newcomer].said, re.M)
    assert checks == [check for one, two in RECORDS for check in (("primary", one), ("secondary", two))]
    assert "RED" not in stories[newcomer].said


@pytest.mark.parametrize("newcomer", NEWCOMERS)
def test_nothing_is_left_behind(stories, newcomer):
    assert "-> /" in stories[newcomer].said and stories[newcomer].left() == []


@pytest.mark.parametrize("step", ["0.", "1.", "4."])
def test_nothing_is_left_behind_after_control_c(tmp_path, step):
    story = Story(tmp_path / "story")
    wait_until(lambda: f"\n{step} " in story.said or story.process.poll() is not None, f"step {step}", 60)
    assert len(processes_of(story.process.pid)) > 3 and any(story.temporary.iterdir())

    os.killpg(story.process.pid, signal.SIGINT)

    assert story.ends() == 130, story.said
    assert story.left() == []


def test_the_independent_client_would_notice_a_certificate_that_is_deployed_too_early(tmp_path):
    """A tlsa-update whose first `run` deploys at once: those who ask the secondary would be cut off."""
    hasty = tmp_path / "tlsa-update"
    hasty.write_text(f"""#!/bin/bash
        {os.environ["TLSA_UPDATE"]} "$@"
        status=$?
        if [[ $1 == run ]]; then
            before=$(<service/pid) port=$(sed -n 's/^name .*://p' tlsa-update.conf)
            cp acme/*.pem service && kill "$before"
            until [[ $(<service/pid) != "$before" ]] && openssl s_client -connect "127.0.0.1:$port"; do sleep 0.1; done
        fi </dev/null >/dev/null 2>&1
        exit $status
    """)
    hasty.chmod(0o755)
    story = Story(tmp_path / "story", TLSA_UPDATE=str(hasty))

    assert story.ends() == 1, story.said
    assert re.findall(r"^check: (\w+)", story.said, re.M) == ["green", "green", "green"]
    assert re.search(r"^try-it: check: RED: a client with the records of the secondary refuses the service: ", story.said, re.M)
    assert "no matching dane tlsa records" in story.said.lower()
    assert story.left() == []
