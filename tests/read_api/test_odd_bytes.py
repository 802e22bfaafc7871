"""Whatever bytes come in addresses, headers and cursors: an answer comes back, and it is never a fault of ours."""

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from read_api.door import MODULES
from read_api.reading.cursors import Paged, _check
from tests.read_api.office import Office, nth

LOOK = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
ODD_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        [
            *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00+00:00:00.5", str(nth(1))),
            *(2**63, 2**63 - 1, -1, 10**400, "\0", "\ud800"),
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
MOMENT, ID = "2026-01-01T00:00:00+00:00", str(nth(1))
WHOSE = {"client_id": nth(11)}
LISTS: dict[str, tuple[str, dict[str, Any], list[Any]]] = {
    "/clients": ("clients", {}, ["a", ID]),
    "/deals": ("deals", {}, [MOMENT, ID]),
    "/activities": ("activities", {}, [MOMENT, ID]),
    f"/clients/{nth(11)}/timeline": ("timeline", WHOSE, [MOMENT, 1]),
    f"/clients/{nth(11)}/ownership": ("ownership", WHOSE, [1]),
    f"/clients/{nth(11)}/history": ("history", WHOSE, [1, MOMENT, 1, MOMENT, 1]),
}
TIMELINE, HISTORY = f"/clients/{nth(11)}/timeline", f"/clients/{nth(11)}/history"
ODD_VALUES = (
    *("", "\0", "0", "-1", "1e400", "9" * 400, "nan", "true", "²", "٣", "\ud800", "ﷺ" * 200, "'", '"', "%", "a" * 199),
    *("0001-01-01", "9999-12-31", "0000-00-00", "2026-06-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *("occurred:0001-01-01", "recorded:2026-01-01,occurred:9999-12-31T00:00:00Z", "2026-01-01T00:00:00+00:00:00.5"),
)


def ask(office: Office, path: str, query: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> tuple[int, Any]:
    """Ask with these very bytes, and return the status and the JSON that came back."""
    parts: list[bytes] = []
    status = 0

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": [(b"authorization", b"Bearer admin/x"), *headers],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("letopis", 80),
        "client": ("x", 1),
        "root_path": "",
        "state": {},
    }
    office.runner.run(asyncio.wait_for(office.app(scope, receive, send), 60))  # type: ignore[arg-type]
    body = b"".join(parts)
    return status, json.loads(body) if body.startswith((b"{", b"[")) else None


def questions() -> list[tuple[str, list[str]]]:
    """Return every path that can be asked, and what it can be asked with."""
    found = []
    for route in (route for module in MODULES for route in module.router.routes):
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            path = route.path
            for name in route.param_convertors:
                path = path.replace(f"{{{name}}}", "stage_history" if name == "report" else str(nth(11)))
            names = [field.alias for field in route.dependant.query_params]
            models = [field.field_info.annotation for field in route.dependant.query_params]
            names += [name for model in models for name in getattr(model, "model_fields", {})]
            found.append((path, names))
    return found


def test_there_is_enough_to_be_asked() -> None:
    assert len(questions()) > 15
    assert sum(len(names) for _, names in questions()) > 50


@pytest.mark.parametrize(("path", "names"), questions(), ids=lambda given: given if isinstance(given, str) else "")
def test_odd_values_are_answered_one_by_one(desk: Office, path: str, names: list[str]) -> None:
    for name in names:
        for value in ODD_VALUES:
            query = f"{name}=".encode() + b"".join(b"%%%02x" % byte for byte in value.encode("utf-8", "surrogatepass"))
            status, body = ask(desk, path, query)
            assert status < 500 or body["code"] in {"analytics-unavailable", "view-behind"}, (name, value, body)


@pytest.mark.parametrize("path", ["/products/{}", "/clients/{}", "/deals/{}/notes", "/staff/{}/places"])
@pytest.mark.parametrize("value", ODD_VALUES)
def test_odd_values_may_stand_in_a_path(desk: Office, path: str, value: str) -> None:
    status, body = ask(desk, path.format(value.encode("utf-8", "replace").decode()), b"")
    assert status in {404, 422}, body


@LOOK
@given(path=st.sampled_from([path for path, _ in questions()]), query=st.binary(max_size=60))
def test_any_bytes_may_stand_behind_the_question_mark(desk: Office, path: str, query: bytes) -> None:
    status, body = ask(desk, path, query)
    assert status < 500 or body["code"] == "analytics-unavailable", body


HEADERS = ("accept", "accept-language", "if-none-match", "last-event-id", "content-type", "authorization", "range")


@LOOK
@given(
    path=st.sampled_from(["/clients", "/events", "/analytics", "/projections/progress", f"/clients/{nth(11)}"]),
    headers=st.lists(st.tuples(st.sampled_from([name.encode() for name in HEADERS]), st.binary(max_size=60))),
)
def test_any_bytes_may_stand_in_headers(desk: Office, path: str, headers: list[tuple[bytes, bytes]]) -> None:
    status, body = ask(desk, path, b"", headers)
    assert status < 500 or body["code"] == "analytics-unavailable", body


def cursor_of(path: str, keys: list[Any]) -> bytes:
    name, filters, _ = LISTS[path]
    text = json.dumps([_check(Paged(name, {}), filters), *keys])
    return b"cursor=" + base64.urlsafe_b64encode(text.encode()).rstrip(b"=")


@pytest.mark.parametrize("path", list(LISTS))
def test_a_cursor_of_these_tests_is_one_that_is_taken(desk: Office, path: str) -> None:
    assert ask(desk, path, cursor_of(path, LISTS[path][2]))[0] == 200


@LOOK
@given(path=st.sampled_from(list(LISTS)), place=st.integers(0, 2), odd=ODD_JSON)
@example(path=HISTORY, place=0, odd=True)
@example(path=HISTORY, place=2, odd=True)
@example(path=TIMELINE, place=1, odd=True)
@example(path=TIMELINE, place=0, odd="2026-01-01T00:00:00+00:00:00.5")
@example(path=TIMELINE, place=0, odd="0001-01-01T00:00:00+14:00")
@example(path="/clients", place=0, odd="\0")
def test_a_cursor_may_hold_any_json(desk: Office, path: str, place: int, odd: Any) -> None:
    keys = [*LISTS[path][2]]
    keys[place % len(keys)] = odd
    status, body = ask(desk, path, cursor_of(path, keys))
    assert status in {200, 422}, body


@LOOK
@given(path=st.sampled_from(list(LISTS)), cursor=st.binary(max_size=40))
def test_a_cursor_may_be_any_bytes(desk: Office, path: str, cursor: bytes) -> None:
    encoded = base64.urlsafe_b64encode(cursor).rstrip(b"=")
    status, _ = ask(desk, path, b"cursor=" + encoded)
    assert status in {200, 422}
