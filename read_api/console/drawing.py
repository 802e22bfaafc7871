"""Draws pages: Jinja's templates, in which everything is escaped and a name that is not there is a fault."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from read_api.console.assets import address_of

HERE = Path(__file__).parent


class Drawing:
    """The templates, compiled once."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals["asset"] = address_of
        self._templates.filters["cap"] = cap

    def draw(self, template: str, shown: Mapping[str, Any]) -> str:
        """Return a page as HTML."""
        return self._templates.get_template(template).render(shown)


def cap(text: str) -> str:
    """Return a word as a line begins with it."""
    return text[:1].upper() + text[1:]
