"""Work that is given up when nobody waits for it any more: whoever asked hung up."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import Request

LOOK_SECONDS = 0.25
"""How often is looked whether somebody still waits."""

T = TypeVar("T")


async def while_waited_for(request: Request, work: Awaitable[T], give_up: Callable[[], None]) -> T:
    """Return what the work returns; `give_up`, which makes it end soon, is called when whoever asked hangs up."""
    doing = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({doing}, timeout=LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                give_up()
        return doing.result()
    finally:
        if not doing.done():
            give_up()
