"""Draws pages: Jinja's templates, in which everything is escaped and a name that is not there is a fault."""

import secrets
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from read_api.console.assets import address_of
from read_api.console.visit import Visit
from read_api.console.words import Words

HERE = Path(__file__).parent

PARTS = 10_000
"""So many parts of pages are kept as they were drawn, of a kilobyte or two each."""

_ANY_NONCE = secrets.token_urlsafe(24)
"""What stands in a part that is kept where each page has its own nonce; nobody outside can know it."""


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
        self._templates.globals["to_say"] = to_say
        self._templates.globals["kept"] = self._kept
        self._templates.filters["cap"] = cap
        self._parts = OrderedDict[Hashable, str]()

    def draw(self, template: str, shown: Mapping[str, Any]) -> str:
        """Return a page as HTML."""
        return self._templates.get_template(template).render(shown)

    def _kept(
        self, part: Macro, visit: Visit, t: Words, nonce: str, thing: Mapping[str, Hashable], *others: Hashable
    ) -> Markup:
        """Return a part of a page that is drawn again and again, from before if it was drawn of the same.

        A board that changes is shown anew to all who look at it, and but one of its cards is another one. A part shows
        what is in its arguments, may depend on what the user may do, and on the day.
        """
        key = (part.name, t.language, t.zone.key, t.now.date(), visit.commands, (*thing.items(),), others)
        drawn = self._parts.pop(key, None) or str(part(visit, t, _ANY_NONCE, thing, *others))
        self._parts[key] = drawn
        if len(self._parts) > PARTS:
            self._parts.popitem(last=False)
        return Markup(drawn.replace(_ANY_NONCE, nonce))  # noqa: S704 - the part escapes what it is given


def cap(text: str) -> str:
    """Return a word as a line begins with it."""
    return text[:1].upper() + text[1:]


_quoted = lru_cache(maxsize=1_000)(quote_plus)


def to_say(
    visit: Visit,
    nonce: str,
    command: str,
    label: str,
    fields: Mapping[str, Any],
    to: str,
    classes: str = "",
    key: str | None = None,
) -> str:
    """Return the link of a verb that needs something said: a page of its own, and over this one with JavaScript.

    It is nothing for who may not. A board has hundreds of them: as a macro they took half of its drawing.
    """
    if not visit.may(command):
        return ""
    address = escape(f"/console/do/{command}?{urlencode({**fields, 'to': ''})}{_quoted(to)}")
    by_key = f' data-key="{escape(key)}" aria-keyshortcuts="{escape(key)}"' if key else ""
    shown = f" <kbd>{escape(key)}</kbd>" if key else ""
    return Markup(  # noqa: S704 - whatever is given is escaped
        f'<a class="verb {escape(classes)}" href="{address}" hx-nonce="{escape(nonce)}" hx-get="{address}"'
        f' hx-target="#sheet" hx-select="#verb" hx-swap="innerHTML" hx-sync="#sheet:drop"{by_key}>'
        f"{escape(label)}{shown}</a>\n"
    )
