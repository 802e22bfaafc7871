"""Whether somebody asks from this very machine: what only its operators may see needs no token there."""

from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from starlette.requests import Request
from starlette.types import Scope

from app.operations.bodies import ROLES
from commands.base import Actor
from commands.errors import NotAllowedError

# What proxies tell of whom they ask for, whether or not the service believes them.
_TOLD_BY_PROXIES = frozenset({b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"true-client-ip"})


def is_from_here(scope: Scope) -> bool:
    """Tell whether a request came from a loopback address to one, and no proxy says that it asks for another.

    A name in `Host` that leads here is not enough: that is how a page of another site makes a browser ask (rebinding),
    and how proxies ask that say nothing else.
    """
    client, headers = scope.get("client"), scope["headers"]
    if client is None or not _is_loopback(client[0]):
        return False
    if any(name in _TOLD_BY_PROXIES or name.startswith(b"x-forwarded-") for name, _ in headers):
        return False
    return _is_loopback(_host_of(next((value for name, value in headers if name == b"host"), b"")))


def _host_of(header: bytes) -> str:
    """Return the host that a request was made to, without its port."""
    host = header.decode("latin-1")
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    # Who asks 0.0.0.0 asks this machine.
    return bool(mapped.is_loopback or mapped.is_unspecified)


def operators_or_from_here(
    authenticate: Callable[[Sequence[str]], Awaitable[Actor]],
) -> Callable[[Request], Awaitable[None]]:
    """Return what lets in who asks from here, or has an operator's token; raises as `authenticate`, NotAllowedError."""

    async def require(request: Request) -> None:
        if is_from_here(request.scope):
            return
        actor = await authenticate(request.headers.getlist("authorization"))
        if actor.role not in ROLES:
            raise NotAllowedError(role=actor.role, needed=sorted(ROLES), action=request.scope["route"].name)

    return require
