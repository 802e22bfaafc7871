"""How a page is declared: its path and a function that asks the API and says what the page shows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from read_api.console.calling import RefusedError, Told
from read_api.console.visit import Visit


@dataclass
class View:
    """What a page shows: its template, its title, and what the template names."""

    template: str
    title: str
    shown: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    # The address that the browser shows for it, where htmx put it in the page it was on.
    address: str | None = None
    # Whether what it shows is shown anew, in its place, as soon as something changes.
    is_live: bool = False


class Gone(NamedTuple):
    """The next page to look at, and the position from which on what was done is seen there."""

    address: str
    position: int = 0


class File(NamedTuple):
    """What the API answered, passed on as it is: a file under this name."""

    told: Told
    name: str


Shown = Callable[..., Awaitable[View | Gone | File]]


class Page(NamedTuple):
    """A page: `asks` is the question of the API without which there is nothing on it.

    With a `name` it is among the pages that its users choose from, and `key` after g opens it; one `of_staff` is for
    who is of the staff, and no program.
    """

    path: str
    method: str
    show: Shown
    name: str | None
    asks: str | None
    key: str | None
    of_staff: bool = False


class Pages(list[Page]):
    """The pages of one module, in their order."""

    def page(
        self,
        path: str,
        *,
        name: str | None = None,
        asks: str | None = None,
        key: str | None = None,
        of_staff: bool = False,
    ) -> Callable[[Shown], Shown]:
        """Declare that a function shows the page at a path below /console."""
        return self._declare(Page(path, "GET", _unshown, name, asks, key, of_staff))

    def form(self, path: str) -> Callable[[Shown], Shown]:
        """Declare that a function takes the form sent to a path; the form's token was looked at before."""
        return self._declare(Page(path, "POST", _unshown, None, None, None))

    def _declare(self, page: Page) -> Callable[[Shown], Shown]:
        def declare(show: Shown) -> Shown:
            self.append(page._replace(show=show))
            return show

        return declare


async def _unshown(_: Visit) -> View:
    raise NotImplementedError


async def known_or_refused(asked: Awaitable[Any]) -> Any:
    """Return what is answered, or the refusal: a part of a page that cannot be shown says why in its own place."""
    try:
        return await asked
    except RefusedError as refused:
        return refused


__all__ = ["File", "Gone", "Page", "Pages", "View", "Visit", "known_or_refused"]
