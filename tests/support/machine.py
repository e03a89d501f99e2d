"""A copy of this machine, in which a Debian package can be installed and purged by root, and which is gone afterwards."""

import os
import subprocess

IN_A_COPY = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mkdir "$1/root/run/tlsa-update-package"
cp "$2" "$1/root/run/tlsa-update-package/package.deb"
[ -z "$3" ] || chroot "$1/root" sh -ec "$3"
"""

# A user without privileges, as tlsa-update.service has it.
LIKE_THE_UNIT = "setpriv --reuid=tlsa-update --regid=tlsa-update --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs"


def in_a_copy_of_this_machine(folder, package, script):
    """Runs a shell script as root in an overlay over /, which is gone afterwards."""
    folder.mkdir()
    return subprocess.run(["unshare", "--mount", "sh", "-c", IN_A_COPY, "sh", str(folder), str(package), script],
                          capture_output=True, text=True, env={"PATH": os.environ["PATH"], "DEBIAN_FRONTEND": "noninteractive"})


def packed(build, folder):
    """The Debian package of a build tree."""
    subprocess.run(["cpack", "-G", "DEB", "-B", str(folder), "--config", f"{build}/CPackConfig.cmake"],
                   check=True, capture_output=True, umask=0o022)
    return next(folder.glob("*.deb"))
