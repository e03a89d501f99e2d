"""Every secret that a test makes: none of them may ever be printed."""

import base64

_known = []


def remember(secret, what):
    """`secret` is base64; neither it nor a line of it may appear, nor its octets, raw (read as Latin-1) or in
    hexadecimal."""
    octets = base64.b64decode(secret)
    lines = [secret[start : start + 64] for start in range(0, len(secret), 64)]
    _known.append((what, [*lines, octets.hex(), octets.hex().upper(), octets.decode("latin-1")]))


def assert_unspoken(text):
    for what, forms in _known:
        assert not any(form in text for form in forms if len(form) > 16), f"{what} is printed:\n{text}"
