"""Every answer, whatever it is to, tells a browser what not to do with it; and the page for trying things works."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import httpx
import pytest

from app.serving.guards import ALWAYS, DATA_POLICY
from app.serving.http import Parts, create_app
from app.serving.protocol import HEAD_LIMIT
from tests.app.words.test_problems import failing_router
from tests.system.bad_door import ADMIN, GOOD, NOBODY, REGISTER, Door
from tests.system.service import token
from tests.system.test_bad_requests import on_the_wire

CARD = f"/clients/{NOBODY}"
SELLER, ANALYST = (token(NOBODY, role)["Authorization"] for role in ("seller", "analyst"))
LABELLED = "public, max-age=3600"

ANSWERS: dict[str, Callable[[Door], httpx.Response]] = {
    "a list": lambda door: door.send("GET", "/clients"),
    "the head of a list": lambda door: door.send("HEAD", "/clients"),
    "a list the caller has": lambda door: door.send("GET", "/clients", If_None_Match="*"),
    "a search": lambda door: door.post({"phone": "+74951234567"}, "/clients/search"),
    "a report": lambda door: door.send("GET", "/analytics/monthly_sales"),
    "the feed": lambda door: door.send("GET", "/events"),
    "a ticket": lambda door: door.send("POST", "/my-changes/ticket", Authorization=SELLER),
    "a batch of what is refused": lambda door: door.post({"commands": []}, "/commands"),
    "no token": lambda door: door.send("GET", CARD, Authorization=""),
    "another role": lambda door: door.post(GOOD, Authorization=ANALYST),
    "nothing there": lambda door: door.send("GET", CARD),
    "no such address": lambda door: door.send("GET", "/nowhere"),
    "another method": lambda door: door.send("DELETE", "/clients"),
    "no JSON": lambda door: door.post("{"),
    "a body too large": lambda door: door.post(" " * 300_000),
    "alive": lambda door: door.send("GET", "/health", Authorization=""),
    "ready": lambda door: door.send("GET", "/ready", Authorization=""),
    "metrics": lambda door: door.send("GET", "/metrics", Authorization=""),
    "the standing of the analytics": lambda door: door.send("GET", "/projections/analytics"),
    "a job of an operator": lambda door: door.post({"projection": "products", "reason": "x"}, "/operations/resume"),
    "the jobs of operators": lambda door: door.send("GET", "/operations/jobs"),
    "the description": lambda door: door.send("GET", "/openapi.json"),
    "labels": lambda door: door.send("GET", "/labels"),
}  # fmt: skip


def guarded(answer: httpx.Response, policy: str = DATA_POLICY) -> None:
    """Check that an answer has every header that guards it, and each of them once."""
    for name, value in (*ALWAYS, (b"content-security-policy", policy.encode())):
        assert answer.headers.get_list(name.decode()) == [value.decode()], name
    assert len(answer.headers.get_list("cache-control")) == 1


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_is_guarded_and_says_who_may_keep_it(door: Door, what: str) -> None:
    answer = ANSWERS[what](door)
    guarded(answer)
    kept = answer.headers["cache-control"]
    # What names nobody may be kept by everybody; what has an ETag is asked for again by it; the rest is kept by nobody.
    nobody, asked_again = {"labels": LABELLED, "the description": "no-cache"}, "private, no-cache"
    assert kept == nobody.get(what, asked_again if "etag" in answer.headers or what == "a search" else "no-store")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET /health HTTP/1.1\r\nX: " + b"x" * HEAD_LIMIT, b"431"),
        (f"GET {REGISTER} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(), b"405"),
    ],
)
def test_so_is_what_is_told_to_bytes_that_are_no_request(door: Door, sent: bytes, status: bytes) -> None:
    head = on_the_wire(door, sent).partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 " + status)
    for line in (*(b"%b: %b" % (name, value.lower()) for name, value in ALWAYS), b"cache-control: no-store"):
        assert head.count(b"\r\n" + line) == 1
    assert f"\r\ncontent-security-policy: {DATA_POLICY}".encode() in head


def test_a_stream_is_guarded(door: Door) -> None:
    headers = {**ADMIN, "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{door.service.address}/projections/progress", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        guarded(answer)
        assert answer.headers["cache-control"] == "no-store"


def test_a_bug_is_guarded() -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(Parts(read_router=failing_router())))
        async with httpx.AsyncClient(transport=transport, base_url="http://letopis") as client:
            return await client.get("/fails/bug")

    answer = asyncio.run(ask())
    # What no answer differs in the protocol writes; it is not there.
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert answer.headers.get_list("content-security-policy") == [DATA_POLICY]


def test_only_who_came_by_https_is_held_to_it(door: Door) -> None:
    for path in ("/health", "/nowhere", "/docs"):
        assert "strict-transport-security" not in door.send("GET", path).headers
        by_https = door.send("GET", path, X_Forwarded_Proto="https")
        assert by_https.headers.get_list("strict-transport-security") == ["max-age=31536000"]


def test_the_page_runs_what_it_says_and_nothing_else(door: Door) -> None:
    answer = door.send("GET", "/docs", Authorization="")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    guarded(answer, answer.headers["content-security-policy"])

    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert len(scripts) == 1
    hashes = [f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" for each in scripts]
    assert policy["script-src"].split() == ["'self'", *hashes]
    # Nothing else that stands in it is run: no style, no handler, no address of the kind javascript:.
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text)
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    for loaded in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
        guarded(door.send("GET", loaded, Authorization=""))
