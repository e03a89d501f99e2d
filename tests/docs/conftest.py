"""The Debian package of this build, and machines to try it on."""

import os

import pytest

from support.machine import in_a_copy_of_this_machine, packed


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return packed(os.environ["TLSA_UPDATE_BUILD"], tmp_path_factory.mktemp("package"))


@pytest.fixture
def machine(package, tmp_path):
    probe = in_a_copy_of_this_machine(tmp_path / "probe", package, "")
    if probe.returncode != 0:
        pytest.skip(f"no overlay of this machine can be mounted here: {probe.stderr.strip()}")
    return lambda script: in_a_copy_of_this_machine(tmp_path / "copy", package, script)
