"""What every answer tells a browser not to do with it: neither guess its kind, nor frame it, nor run what is in it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Header = tuple[bytes, bytes]

ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What no answer differs in; protocol.py writes it with the status line."""

POLICY = b"content-security-policy"
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of what is no page: nothing in it is loaded or run, wherever it is opened."""

# Not of subdomains, nor for a browser's own list: who else is served there is not ours to know.
_HTTPS_ONLY: Header = (b"strict-transport-security", b"max-age=31536000")


class Guards(NamedTuple):
    """The headers that an answer has besides ALWAYS, by the scheme the caller speaks."""

    http: tuple[Header, ...]
    https: tuple[Header, ...]


def guards_of(policy: str) -> Guards:
    """Return the headers of answers with this Content-Security-Policy."""
    own: Header = (POLICY, policy.encode("ascii"))
    return Guards((own,), (own, _HTTPS_ONLY))


DATA = guards_of(DATA_POLICY)

CONSOLE = "/console/"
OF_ITS_OWN = Guards((), (_HTTPS_ONLY,))
"""Of pages that say themselves what may be in them: each has a word of its own by which it knows its scripts. An answer
there that says nothing is data like any other."""

PageGuards = Mapping[str, Guards]
"""The guards of each page, by its path; a path that ends in / stands for all below it."""


def guards_for(pages: PageGuards, path: str) -> Guards:
    """Return the guards of what is at a path."""
    return pages.get(path) or pages.get(f"/{path[1:].partition('/')[0]}/", DATA)


def headers_of(guards: Guards, scheme: str, given: Iterable[Header]) -> tuple[Header, ...]:
    """Return the headers that an answer is to have besides those that it has."""
    if guards is OF_ITS_OWN and all(name != POLICY for name, _value in given):
        guards = DATA
    return guards.https if scheme == "https" else guards.http


def as_lines(headers: tuple[Header, ...]) -> bytes:
    """Return headers as they stand on the wire."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)
