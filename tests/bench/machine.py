"""What was measured, and where."""

import os
import platform
import re
import subprocess

TOOLS = {
    "bind": ["/usr/sbin/named", "-v"],
    "knot": ["/usr/sbin/knotd", "-V"],
    "nsupdate": ["nsupdate", "-V"],
    "knsupdate": ["knsupdate", "-V"],
    "dig": ["dig", "-v"],
    "kdig": ["kdig", "-V"],
    "openssl": ["openssl", "version"],
}


def load():
    """Mean number of processes that wanted to run in the last minute."""
    return round(os.getloadavg()[0], 2)


def _first_line(command):
    said = subprocess.run(command, capture_output=True, text=True)
    return (said.stdout + said.stderr).strip().splitlines()[0]


def _processor():
    with open("/proc/cpuinfo") as facts:
        found = re.search(r"^model name\s*: (.*)$", facts.read(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def describe(built):
    return {
        "program": _first_line([str(built / "src" / "cli" / "tlsa-update"), "--version"]),
        "peers": {name: _first_line(command) for name, command in TOOLS.items()},
        "processor": _processor(),
        "processors": os.cpu_count(),
        "kernel": platform.release(),
        "load_before": load(),
    }
