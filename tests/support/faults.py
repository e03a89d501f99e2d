"""Faults for Middleman: what a request is answered with. The server has not heard of the request, unless the
fault is done()."""

import struct
import time


def say(make):
    """One message."""
    return lambda update: [make(update)]


def unsigned(rcode=0, **more):
    return say(lambda update: update.answer(rcode, **more))


def signed(rcode=0, **more):
    return say(lambda update: update.signed(rcode, **more))


def sealed(rcode=0, **wrong):
    """Signed, but wrongly: see Seal."""
    return say(lambda update: update.sign(update.answer(rcode), **wrong))


def reported(error, rcode=9):
    """A TSIG error, which is nobody's signed word."""
    return sealed(rcode, error=error, mac=0)


def clock(skew):
    """Other Data of a BADTIME."""
    return struct.pack("!HI", 0, int(time.time()) + skew)


def done(make):
    """Spoils the answer of the server, which has done what it was asked."""
    return lambda update: make(update, update.pass_on())


def once(fault):
    return lambda update: [update.pass_on()] if update.number > 1 else fault(update)


def done_twice(update):
    """The second time its own prerequisite fails: a duplicate is harmless (RFC 2136 section 5)."""
    update.pass_on()
    return [update.pass_on()]


def changed(message, octet, bit=0):
    return message[:octet] + bytes([message[octet] ^ 1 << bit]) + message[octet + 1 :]


def of_another_zone(update):
    header = update.answer()[:12]
    return update.sign(header + b"\7another\4test\0\0\6\0\1")
