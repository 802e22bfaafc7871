"""Somebody who looks at the console without JavaScript: follows links, fills in forms, and reads strictly."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import httpx

from app.serving.console import link_at
from tests.database import MASTER, Database
from tests.system.service import Service, token

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
FIELDS = ("input", "select", "textarea", "button")


@dataclass
class Form:
    """A form of a page: where it goes, and what it has in it as it is drawn."""

    action: str
    method: str
    values: dict[str, str]
    required: dict[str, Element] = field(default_factory=dict)

    @property
    def command(self) -> str | None:
        """The command that it asks for, if it does."""
        found = re.fullmatch(r"/console/do/([a-z-]+)", urlsplit(self.action).path)
        return found[1] if found else None

    @property
    def operation(self) -> str | None:
        """The operation that it asks for, if it does."""
        found = re.fullmatch(r"/console/operate/([a-z-]+)", urlsplit(self.action).path)
        return found[1] if found and self.method == "post" else None


class Seen:
    """A page as it came; every fault in its HTML is one."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        assert answer.headers["content-type"].startswith("text/html"), (answer.url, answer.text)
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        self.root: Element = parser.parse(answer.text)
        main = self.root.find(".//main")
        assert main is not None, answer.text
        self.main: Element = main

    @property
    def text(self) -> str:
        """What the page says to its reader, its head and bar excepted."""
        return re.sub(r"\s+", " ", "".join(self.main.itertext())).strip()

    @property
    def links(self) -> list[str]:
        """Where its links to pages lead, as they are written."""
        found = (each for each in self.root.iter("a") if each.get("download") is None)
        return [each.attrib["href"] for each in found if not each.get("href", "#").startswith("#")]

    @property
    def files(self) -> list[str]:
        """Where its links to files lead."""
        return [each.attrib["href"] for each in self.root.iter("a") if each.get("download") is not None]

    @property
    def forms(self) -> list[Form]:
        """Its forms; of one with several buttons that name a value there is one for each."""
        elements = (each for each in self.root.iter("form") if each.get("method") != "dialog")
        return [form for each in elements for form in _forms(each, self._outside(each.get("id")))]

    def _outside(self, name: str | None) -> list[Element]:
        """Return the fields that stand elsewhere, and say of which form they are."""
        return [] if name is None else [each for each in self.root.iter() if each.get("form") == name]

    def form(self, action: str, **values: str) -> Form:
        """Return the form that goes there and has these values in it."""
        found = [form for form in self.forms if form.action == action and values.items() <= form.values.items()]
        assert found, (action, values, [form.action for form in self.forms])
        return found[0]


def _forms(element: Element, outside: list[Element]) -> Iterator[Form]:
    values: dict[str, str] = {}
    required: dict[str, Element] = {}
    buttons: list[tuple[str, str]] = []
    for each in (*element.iter(), *outside):
        name = each.get("name")
        if each.tag not in FIELDS or name is None:
            continue
        kind = each.get("type")
        if each.tag == "button":
            buttons.append((name, each.get("value", "")))
        elif kind in {"radio", "checkbox"}:
            if each.get("checked") is not None:
                values[name] = each.get("value", "on")
        elif each.tag == "select":
            options = list(each.iter("option"))
            chosen = next((one for one in options if one.get("selected") is not None), options[0])
            values[name] = chosen.get("value", "")
        else:
            values[name] = each.get("value", "") if each.tag == "input" else "".join(each.itertext())
        if each.get("required") is not None:
            required[name] = each
    action, method = element.get("action", ""), element.get("method", "get").lower()
    for name, value in buttons or [("", "")]:
        yield Form(action, method, {**values, **({name: value} if name else {})}, required)


class Visitor:
    """Somebody in the console; comes in by a link."""

    def __init__(self, running: Service, database: Database, actor: object, role: str, language: str = "en") -> None:
        self.running = running
        self.actor, self.role = str(actor), role
        self.client = httpx.Client(
            base_url=running.address, timeout=60, headers={"Accept-Language": language, **SAME_ORIGIN}
        )
        self.token = token(actor, role)["Authorization"].removeprefix("Bearer ")
        self.link = link_at(running.address, database.owner_url, MASTER, self.token)
        came = self.get(self.link)
        self.entered = self.client.post("/console/enter", data=came.form("/console/enter").values)

    def get(self, address: str) -> Seen:
        """Follow a link, and where that leads on to."""
        return Seen(self.client.get(address, follow_redirects=True))

    def send(self, form: Form, /, **values: str) -> httpx.Response:
        """Send a form with these values in it, and return what was answered itself."""
        given = {**form.values, **{name.replace("__", "."): value for name, value in values.items()}}
        address = urljoin(f"{self.running.address}/", form.action)
        if form.method == "get":
            return self.client.get(address, params=given)
        return self.client.post(address, data=given)

    def does(self, form: Form, /, **values: str) -> Seen:
        """Send a form, and return the page that one sees then."""
        answer = self.send(form, **values)
        return self.get(answer.headers["location"]) if answer.status_code == 303 else Seen(answer)

    def api(self, path: str) -> Any:
        """Ask the API as the same person."""
        answer = self.client.get(path, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()


def query_of(address: str) -> Mapping[str, str]:
    """Return what an address says behind its question mark."""
    return dict(parse_qsl(urlsplit(address).query))


def shape_of(address: str) -> str:
    """Return an address without what is in it of ids and words."""
    path, _, query = re.sub(r"[0-9a-f-]{36}|(?<=/projections/)\w+", "ID", address).partition("?")
    return f"{path}?{'&'.join(part.partition('=')[0] for part in query.split('&'))}"
