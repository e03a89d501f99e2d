"""This checkout in another folder, for what is built, packaged or released of it."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]

is_checkout = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")


def copy_of_this_checkout(folder):
    """As somebody else has it: in another folder, checked out later, with another umask."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True, umask=0o077)
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True).stdout.decode().split("\0")
    for file in filter(None, files):  # what is not committed yet, too
        if (ROOT / file).exists():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, folder / file)
    return folder
