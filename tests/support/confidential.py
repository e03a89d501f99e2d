"""Every secret that a test makes: none of them may ever be printed."""

import base64

_known = []


def remember(secret, what):
    """`secret` is base64; neither it nor its octets in hexadecimal may appear, nor a line of it."""
    octets = base64.b64decode(secret).hex()
    lines = [secret[start : start + 64] for start in range(0, len(secret), 64)]
    _known.append((what, [*lines, octets, octets.upper()]))


def assert_unspoken(text):
    for what, forms in _known:
        assert not any(form in text for form in forms if len(form) > 16), f"{what} is printed:\n{text}"
