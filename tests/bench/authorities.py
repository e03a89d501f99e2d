"""The servers of the tests, as an administrator would start them: with a thread for each processor."""

import os
import re
import subprocess

from support.bind import Bind
from support.knot import Knot
from support.server import wait_until


def bind(folder):
    server = Bind(folder)
    server.threads = os.cpu_count()
    server.patience = 300  # for a million records
    server.more = "sig-signing-signatures 1000; sig-signing-nodes 1000;"
    return server


def knot(folder):
    server = Knot(folder)
    server.patience = 300
    server.journal = "512M"
    return server


def wait_until_signed(zone, owners):
    """BIND answers before it has signed the whole zone, which it does in the order of names."""
    for owner in (min(owners), max(owners)):
        wait_until(lambda: zone.signed_rrset(owner, "A")[1], f"{zone.name} signed", seconds=120)


def tlsa_records(zone):
    """How many there are, by dig: dnspython is too slow for large zones."""
    server = [f"@{zone.server.address}", "-p", str(zone.server.port), "-k", zone.key.path]
    said = subprocess.run(["dig", *server, "AXFR", zone.name], capture_output=True, check=True, text=True)
    return len(re.findall(r"\sIN\sTLSA\s", said.stdout))
