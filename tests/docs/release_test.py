"""contrib/release makes the same files of the same commit, and nothing of a checkout that is not clean. That the program is
built the same twice takes minutes: that test runs where TLSA_UPDATE_RELEASE is set."""

import hashlib
import json
import os
import re
import subprocess
import tarfile

import pytest

from support.checkout import copy_of_this_checkout, is_checkout

pytestmark = is_checkout

# Builds nothing: puts the program of this build there.
CMAKE = """#!/bin/sh
case $1 in
    --build) mkdir -p "$2/src/cli" && {copy} "$PROGRAM" "$2/src/cli/tlsa-update" ;;
    *) exec {cmake} "$@" ;;
esac
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = copy_of_this_checkout(tmp_path_factory.mktemp("release") / "checkout")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.test"]
    subprocess.run([*git, "add", "--all"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "what is to be released"], cwd=folder, check=True)
    return folder


def release(checkout, output, program=None, copy="cp"):
    """A program: no build, but this one."""
    path = os.environ["PATH"]
    if program:
        tools = output.parent / "tools"
        tools.mkdir(exist_ok=True)
        cmake = subprocess.run(["sh", "-c", "command -v cmake"], capture_output=True, text=True).stdout.strip()
        (tools / "cmake").write_text(CMAKE.format(cmake=cmake, copy=copy))
        (tools / "cmake").chmod(0o755)
        path = f"{tools}:{path}"
    return subprocess.run([checkout / "contrib/release", output], env={"PATH": path, "HOME": str(output.parent), "PROGRAM": str(program)},
                          capture_output=True, text=True)


def digests(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def released(checkout, tmp_path_factory):
    output = tmp_path_factory.mktemp("released") / "one"
    run = release(checkout, output, os.environ["TLSA_UPDATE"])
    assert run.returncode == 0, run.stderr
    return output, run.stdout


def test_every_file_is_there_and_summed(released):
    output, said = released
    sums = dict(reversed(line.split()) for line in (output / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: digest for name, digest in digests(output).items() if name != "SHA256SUMS"}
    kinds = [re.sub(r"^tlsa-update[-_]\d+\.\d+\.\d+(_[a-z0-9]+)?", "", name) for name in sums]
    assert kinds == [".tar.gz", ".deb", ".spdx.json"]
    assert "Nothing is signed" in said and "gpg --armor --detach-sign" in said


def test_the_tarball_is_the_commit_and_knows_its_time(released, checkout):
    output, _ = released
    time = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=checkout, capture_output=True, text=True).stdout.strip()
    tracked = subprocess.run(["git", "ls-files"], cwd=checkout, capture_output=True, text=True).stdout.split("\n")[:-1]
    with tarfile.open(next(output.glob("*.tar.gz"))) as sources:
        prefix = sources.getnames()[0]
        assert sorted(name.removeprefix(f"{prefix}/") for name in sources.getnames() if sources.getmember(name).isfile()) == sorted(tracked)
        assert f'set(time "{time}")' in sources.extractfile(f"{prefix}/contrib/packaging/commit-time.cmake").read().decode()


def test_the_sbom_names_what_was_compiled_in_and_what_is_linked(released):
    output, _ = released
    sbom = json.loads(next(output.glob("*.spdx.json")).read_text())
    assert sbom["spdxVersion"] == "SPDX-2.3"
    packages = {package["SPDXID"]: package for package in sbom["packages"]}
    assert len(packages) == len(sbom["packages"]) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in packages)
    for package in packages.values():
        assert package["versionInfo"] and package["downloadLocation"]
        for checksum in package.get("checksums", []):
            assert checksum["checksumValue"] == digests(output)[package["packageFileName"]]
    related = {kind: {packages[one["relatedSpdxElement"]]["name"] for one in sbom["relationships"] if one["relationshipType"] == kind}
               for kind in ("STATIC_LINK", "DYNAMIC_LINK", "DESCRIBES")}
    assert {"libspdlog-dev", "libfmt-dev", "libexpected-dev"} < related["STATIC_LINK"]
    assert any(re.fullmatch(r"libboost-json[\d.]*-dev", name) for name in related["STATIC_LINK"])
    depends = subprocess.run(["dpkg-deb", "--field", next(output.glob("*.deb")), "Depends"], capture_output=True, text=True).stdout
    assert related["DYNAMIC_LINK"] == {re.split(r"[ :]", one.strip())[0] for one in depends.split(",")} - {"adduser"}
    assert related["DESCRIBES"] == {"tlsa-update"}


def test_another_checkout_of_the_commit_gives_the_same_bytes(released, checkout, tmp_path):
    other = tmp_path / "another"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", checkout, other], check=True, umask=0o077)
    run = release(other, tmp_path / "two", os.environ["TLSA_UPDATE"])
    assert run.returncode == 0, run.stderr
    assert digests(tmp_path / "two") == digests(released[0])


@pytest.mark.parametrize("what", ["changed", "untracked"])
def test_a_checkout_that_is_not_clean_is_refused(checkout, tmp_path, what):
    other = tmp_path / "another"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", checkout, other], check=True)
    (other / {"changed": "README.md", "untracked": "notes"}[what]).write_text("mine\n")
    run = release(other, tmp_path / "out", os.environ["TLSA_UPDATE"])
    assert run.returncode == 65 and {"changed": " M README.md", "untracked": "?? notes"}[what] in run.stderr
    assert not (tmp_path / "out").exists()


def test_two_builds_that_differ_are_no_release(checkout, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    run = release(checkout, tmp_path / "out", program, copy=f"echo >>{program}; cp")  # another one at each build
    assert run.returncode == 1 and "differ" in run.stderr
    assert not (tmp_path / "out" / "SHA256SUMS").exists()


@pytest.mark.skipif("TLSA_UPDATE_RELEASE" not in os.environ, reason="builds the program twice; set TLSA_UPDATE_RELEASE")
def test_the_program_is_built_the_same_twice(checkout, tmp_path):
    run = release(checkout, tmp_path / "out")
    assert run.returncode == 0, run.stderr
