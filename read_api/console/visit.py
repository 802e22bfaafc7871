"""One look at the console: who looks, in which language, and what the API is asked for them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

from starlette.requests import Request

from read_api.console.calling import Api
from read_api.console.sessions import Kept, Session
from read_api.console.words import Words

THEMES = ("light", "dark")


@dataclass
class Visit:
    """Who looks (`me` is what the API says of them), and what they asked with."""

    request: Request
    session: Session
    api: Api
    me: Mapping[str, Any]
    words: Words
    # What the API tells anybody, asked once.
    public: Callable[[str], Awaitable[Any]]
    # Where something is kept for whoever has its word: nothing of the house, and nothing that the API could be asked.
    kept: Kept
    theme: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> Mapping[str, str]:
        """What the address of the page says."""
        return self.request.query_params

    @cached_property
    def commands(self) -> tuple[str, ...]:
        """The names of the commands that the role may ask for."""
        return tuple(self.me["commands"])

    def may(self, command: str) -> bool:
        """Tell whether the role may ask for a command."""
        return command in self.commands

    def operates(self, operation: str) -> bool:
        """Tell whether the role may ask for an operation."""
        return operation in self.me["operations"]

    def asks(self, question: str | None) -> bool:
        """Tell whether the role may ask a question."""
        return question is None or question in self.me["questions"]

    def may_look_at(self, question: str | None, of_staff: bool) -> bool:
        """Tell whether a page that needs this question, and perhaps one of the staff, has anything for the user."""
        return self.asks(question) and (self.me["staff"] is not None or not of_staff)

    @property
    def is_inside(self) -> bool:
        """Whether htmx asks, and puts a part of what it is answered into the page that is there."""
        return self.request.headers.get("hx-request") == "true"

    def past(self, day: str) -> str:
        """Return a day or moment of an address, unless it is today: that has not ended, and now is meant."""
        return "" if day == self.words.now.date().isoformat() else day

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    async def most_bytes(self, path: str) -> int:
        """Return how many bytes a file has at most that is sent to an address of the API."""
        return int((await self.public("/openapi.json"))["paths"][path]["post"]["x-most-bytes"])

    @staticmethod
    def new_key() -> str:
        """Return the key of a form: sent twice, it is carried out once."""
        return str(uuid4())
