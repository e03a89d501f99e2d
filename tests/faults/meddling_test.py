"""Transfers of real servers, meddled with on the way to the program: nothing of them is used."""

import pytest

from support.bind import Bind
from support.knot import Knot
from support.middleman import Close, Middleman, Pause
from support.nsd import Nsd
from support.transfers import ZONE, is_transfer, messages_of

FOREIGN = "3 1 1 " + "f0" * 32

MEDDLING = {
    "nothing": (lambda messages: messages, 0),
    "a message dropped": (lambda messages: messages[:3] + messages[4:], 76),
    "a message twice": (lambda messages: [*messages[:4], messages[3], *messages[4:]], 76),
    "two messages changed round": (
        lambda messages: [*messages[:3], messages[4], messages[3], *messages[5:]],
        76,
    ),
    "a bit changed": (lambda messages: [*messages[:3], flip(messages[3]), *messages[4:]], 76),
    "an octet cut off": (lambda messages: [*messages[:3], messages[3][:-1], *messages[4:]], 76),
    "its last message missing": (lambda messages: [*messages[:-1], Close()], 76),
    "delayed": (lambda messages: [*messages[:3], Pause(0.5), *messages[3:]], 0),
}


def flip(message):
    middle = len(message) // 2
    return message[:middle] + bytes([message[middle] ^ 4]) + message[middle + 1 :]


@pytest.fixture(scope="module", params=[Bind, Knot, Nsd], ids=lambda kind: kind.__name__.lower())
def large(request, tmp_path_factory):
    server = request.param(tmp_path_factory.mktemp("large") / "server")
    filling = [f"text{number} TXT {' '.join(['x' * 250] * 4)}" for number in range(400)]
    hosts = [f"_25._tcp.host{number} TLSA {FOREIGN}" for number in range(50)]
    yield server.zone(ZONE, *filling, *hosts, signing=None)
    server.stop()


@pytest.mark.parametrize("what", MEDDLING)
def test_a_transfer_that_was_meddled_with_is_not_used(large, tlsa_update, what):
    meddle, status = MEDDLING[what]

    with Middleman(large, lambda request: meddle(messages_of(request)), stops=is_transfer) as middleman:
        run = tlsa_update("list", ZONE, server=middleman.at, key_file=large.key.path, timeout=2, exits=status)

    assert run.out.count(" TLSA ") == (0 if status else 50)
