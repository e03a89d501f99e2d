"""What a newcomer's first command does before it compiles: install-dependencies, and which builds take warnings for errors."""

import fcntl
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.server import wait_until

ROOT = pathlib.Path(__file__).parents[2]
VARIABLE = "TLSA_UPDATE_WERROR"


@pytest.fixture
def bare(tmp_path):
    """The environment of a machine that has no package and no source of packages. Its apt is the real one, in a
    folder of its own; its sudo merely runs the command."""
    for folder in ("dpkg/updates", "dpkg/info", "lists/partial", "archives/partial", "etc/apt.conf.d", "etc/preferences.d", "bin"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "dpkg/status").touch()
    (tmp_path / "etc/sources.list").touch()
    (tmp_path / "bin/sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "bin/sudo").chmod(0o755)
    (tmp_path / "apt.conf").write_text(f"""
        Dir::State "{tmp_path}";
        Dir::State::lists "{tmp_path}/lists";
        Dir::State::status "{tmp_path}/dpkg/status";
        Dir::Cache "{tmp_path}";
        Dir::Cache::archives "{tmp_path}/archives";
        Dir::Etc "{tmp_path}/etc";
        Dir::Etc::main "none";
        Dir::Log "{tmp_path}";
    """)
    return {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "APT_CONFIG": f"{tmp_path}/apt.conf", "DPKG_ADMINDIR": f"{tmp_path}/dpkg"}


def install(environment, errors, *options):
    return subprocess.Popen([ROOT / "contrib/install-dependencies", *options], env=environment, stdout=subprocess.PIPE,
                            stderr=errors, text=True)


@pytest.mark.parametrize("lock", ["lists/lock", "dpkg/lock-frontend", "dpkg/lock"])
def test_it_waits_for_another_apt_and_says_so(bare, tmp_path, lock):
    said = tmp_path / "said"
    with open(tmp_path / lock, "w") as held, open(said, "w") as errors:
        fcntl.lockf(held, fcntl.LOCK_EX)
        run = install(bare, errors)
        wait_until(lambda: "waiting for another apt" in said.read_text(), "the wait is said")
        assert run.poll() is None
        fcntl.lockf(held, fcntl.LOCK_UN)

        out, _ = run.communicate(timeout=60)

    assert run.returncode == 69 and "installing g++ " in out
    assert f"waiting for another apt: E: Could not get lock {tmp_path}/{lock}" in said.read_text()
    assert said.read_text().count("waiting") == 1
    assert "Unable to locate package cmake" in said.read_text()  # apt had its turn: there is no source of packages


def test_only_debian_12_wants_a_boost_by_its_version(bare, tmp_path):
    with open(tmp_path / "said", "w") as errors:
        out, _ = install(bare, errors, "--tests").communicate(timeout=60)
    release = subprocess.run(["sh", "-c", '. /etc/os-release; echo "$VERSION_CODENAME"'], capture_output=True, text=True).stdout
    versioned = [package for package in out.split() if re.search(r"\d\.\d", package)]
    boost = {"libboost1.81-dev", "libboost-program-options1.81-dev", "libboost-json1.81-dev"}
    assert set(versioned) == (boost if release.strip() == "bookworm" else set())
    assert release.strip() == "bookworm" or {"libboost-dev", "libboost-json-dev"} <= set(out.split())


def werror_of(preset, **more):
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    listing = subprocess.run(["cmake", "--preset", preset, "-N"], cwd=ROOT, env=environment | more, capture_output=True, text=True)
    assert listing.returncode == 0, listing.stderr
    return next(line.split("=")[1].strip('"') for line in listing.stdout.splitlines() if VARIABLE in line)


def test_warnings_are_errors_for_developers_and_never_for_who_builds_it_to_use_it():
    assert werror_of("dev") == "ON"
    assert [werror_of(preset) for preset in ("release", "asan", "tsan")] == [""] * 3
    assert [werror_of(preset, **{VARIABLE: "ON"}) for preset in ("release", "asan", "tsan")] == ["ON"] * 3


def test_warnings_are_errors_in_continuous_integration(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/run").write_text(f'#!/bin/sh\necho "${VARIABLE} $*"\n')
    (tmp_path / "tests/run").chmod(0o755)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    run = subprocess.run([tmp_path / ".ci/run", "-L", "unit"], capture_output=True, text=True)
    assert run.stdout == "ON -L unit\n"
