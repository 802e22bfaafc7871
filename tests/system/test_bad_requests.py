"""Whoever asks, by whatever address, method and headers: they are told what is wrong, and nothing is stored."""

import socket
import time
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from app.demo.company import ADMIN_ID
from tests.system.bad_door import ADMIN, GOOD, NOBODY, REGISTER, Door, field, told
from tests.system.service import SECRET, token


def forged(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    known = {
        "sub": str(ADMIN_ID),
        "role": "admin",
        "program": True,
        "iss": "letopis",
        "aud": "letopis",
        "exp": time.time() + 3600,
    }
    kept = {name: value for name, value in (known | claims).items() if value is not None}
    return f"Bearer {jwt.encode(kept, secret, algorithm=algorithm)}"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "token-missing"),
        ("Basic YWRtaW46YWRtaW4=", "token-missing"),
        ("Bearer", "token-missing"),
        ("Bearer a.b.c", "token-invalid"),
        ("Bearer " + "x" * 60_000, "token-invalid"),
        (forged(exp=1), "token-expired"),
        (forged(secret="another key than ours, also of 32 bytes"), "token-invalid"),
        (forged(secret="", algorithm="none"), "token-invalid"),
        (forged(secret=SECRET * 2, algorithm="HS512"), "token-invalid"),
        (forged(exp=None), "token-invalid"),
        (forged(aud="somebody"), "token-invalid"),
        (forged(iss="somebody"), "token-invalid"),
        (forged(role="god"), "token-invalid"),
        (forged(role=["admin"]), "token-invalid"),
        (forged(sub="a\nb"), "token-invalid"),
        (forged(nbf=time.time() + 3600), "token-invalid"),
        (forged()[:-6] + "AAAAAA", "token-invalid"),
    ],
)
def test_a_token_that_is_not_ours_lets_nobody_in(door: Door, header: str, code: str) -> None:
    for answer in (door.post(GOOD, Authorization=header), door.send("GET", "/clients", Authorization=header)):
        told(answer, 401, code)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_wrong_role_is_told_who_may(door: Door) -> None:
    analyst = token(NOBODY, "analyst")
    body = told(door.post(GOOD, Authorization=analyst["Authorization"]), 403, "not-allowed")
    assert "seller" in body["needed"]
    answer = door.send("GET", "/clients", Authorization=token(NOBODY, "integration")["Authorization"])
    assert answer.status_code in {200, 403}
    item = {"commands": [{"command": "hire-staff", "data": {"name": "x", "role": "seller", "branch": "x"}}]}
    results = door.post(item, "/commands", Authorization=analyst["Authorization"]).json()["results"]
    assert [(each["status"], each["code"]) for each in results] == [(403, "not-allowed")]


@pytest.mark.parametrize("key", ["x" * 256, "x" * 60_000])
def test_an_idempotency_key_that_is_too_long_is_refused(door: Door, key: str) -> None:
    body = told(door.post(GOOD, Idempotency_Key=key), 422, "invalid-header")
    assert "Idempotency-Key" in body["detail"] + body["title"]


@pytest.mark.parametrize("version", ["5", 'W/"5"', '"-1"', '"1","2"', '"abc"', '"1', '"', '""', '"²"'])
def test_a_malformed_if_match_is_refused(door: Door, version: str) -> None:
    told(door.post(GOOD, If_Match=version.encode("latin-1")), 422, "invalid-header")


def test_a_version_nobody_has_does_not_match(door: Door) -> None:
    told(door.post({**GOOD, "name": "Other"}, If_Match=f'"{"9" * 5000}"'), 412, "version-conflict")


@pytest.mark.parametrize(
    ("header", "language"),
    [("*", "en"), (";;;,,,q", "en"), ("ru;q=nan,en", "en"), ("ru;q=-1", "en"), ("x" * 50_000, "en"), ("RU", "ru")],
)
def test_an_odd_language_header_still_gets_an_answer(door: Door, header: str, language: str) -> None:
    told(door.post({}, Accept_Language=header), 422, "invalid-request", language)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/commands/make-coffee", 404, "unknown-command"),
        ("/commands/%00", 404, "unknown-command"),
        ("/commands/Register-Client", 404, "unknown-command"),
        ("/commands/%2F", 404, "unknown-route"),
        ("/commands/register-client/", 404, "unknown-route"),
        ("/%00", 404, "unknown-route"),
        ("/../etc/passwd", 404, "unknown-route"),
    ],
)
def test_what_is_not_there_is_not_found(door: Door, path: str, status: int, code: str) -> None:
    told(door.post(GOOD, path), status, code)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_told_which_one_to_use(door: Door, method: str) -> None:
    answer = door.send(method, REGISTER)
    told(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/clients", "GET, HEAD"),
        (f"/clients/{NOBODY}", "GET, HEAD"),
        ("/clients/search", "POST"),
        ("/commands", "POST"),
        ("/health", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
        ("/projections/analytics/rebuild", "POST"),
        ("/operations/rebuild", "POST"),
        ("/operations/jobs", "GET, HEAD"),
    ],
)
def test_the_methods_told_are_all_that_the_address_takes(door: Door, path: str, methods: str) -> None:
    answer = door.send("DELETE", path)
    told(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == methods


@pytest.mark.parametrize("header", ["Idempotency-Key", "If-Match"])
def test_a_header_of_one_command_is_not_dropped_from_a_batch(door: Door, header: str) -> None:
    batch = {"commands": [{"command": "register-client", "data": GOOD}]}
    body = told(door.post(batch, "/commands", **{header.replace("-", "_"): '"1"'}), 422, "header-of-one-command")
    assert header in body["title"]


def test_what_is_asked_by_post_is_always_answered(door: Door) -> None:
    asked = {"phone": "+74951234567"}
    first = door.post(asked, "/clients/search")
    assert (first.status_code, "etag" in first.headers) == (200, False)
    assert door.post(asked, "/clients/search", If_None_Match="*").status_code == 200


def test_the_etag_of_a_read_of_many_things_names_no_version(door: Door) -> None:
    etag = door.send("GET", "/clients").headers["etag"]
    told(door.post(GOOD, If_Match=etag), 422, "invalid-header")


def test_the_head_of_a_read_is_that_of_its_answer_without_the_body(door: Door) -> None:
    whole, head = door.send("GET", "/clients"), door.send("HEAD", "/clients")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == whole.headers["etag"]
    assert door.send("HEAD", "/clients/x").status_code == 422


@pytest.mark.parametrize(
    ("path", "pointer", "code"),
    [
        ("/clients?colour=red", "/colour", "unknown-parameter"),
        ("/clients?limit=5&limit=6", "/limit", "given-twice"),
        ("/clients?limit=0", "/limit", "too-small"),
        (f"/clients?limit={'9' * 5000}", "/limit", "not-a-whole-number"),
        ("/clients?min_position=-1", "/min_position", "too-small"),
        (f"/clients?min_position={'9' * 30}", "/min_position", "too-large"),
        ("/clients?min_position=1.5", "/min_position", "not-a-whole-number"),
        ("/clients?min_position=", "/min_position", "not-a-whole-number"),
        ("/clients?min_position=999999", "/min_position", "beyond-the-log"),
        ("/deals?min_position=999999", "/min_position", "beyond-the-log"),
        ("/clients?cursor=abc", "/cursor", "wrong-cursor"),
        ("/clients?cursor=%00", "/cursor", "wrong-cursor"),
        ("/clients?cursor=WyJhYmMiLCJ4IiwieSJd", "/cursor", "wrong-cursor"),
        (f"/clients?cursor={'A' * 3000}", "/cursor", "too-long"),
        ("/clients?q=%00", "/q", "forbidden-character"),
        (f"/clients?q={'a' * 50_000}", "/q", "too-long"),
        ("/clients?owner=x", "/owner", "not-a-uuid"),
        ("/clients?count=maybe", "/count", "not-yes-or-no"),
        ("/clients/abc", "/client_id", "not-a-uuid"),
        ("/clients/%00", "/client_id", "not-a-uuid"),
        (f"/staff/{NOBODY}/counters?from=2026-02-30", "/from", "not-a-date"),
        (f"/staff/{NOBODY}/counters?to=0", "/to", "not-a-date"),
        ("/analytics/stage_history?colour=red", "/colour", "unknown-parameter"),
        ("/analytics/stage_history?from=yesterday", "/from", "not-a-date"),
        ("/analytics/stage_history?from=%00", "/from", "not-a-date"),
        ("/analytics/stage_history?from=2026-03-02&to=2026-03-01", "/to", "ends-before-it-begins"),
        ("/analytics/monthly_sales?seller_id=%27", "/seller_id", "not-a-uuid"),
        ("/analytics/monthly_sales?by_product=maybe", "/by_product", "not-yes-or-no"),
        ("/analytics/stage_history?format=xml", "/format", "not-in-list"),
    ],
)
def test_a_wrong_parameter_is_named(door: Door, path: str, pointer: str, code: str) -> None:
    assert field(told(door.send("GET", path), 422, "invalid-request")) == (pointer, code)


def on_the_wire(door: Door, sent: bytes) -> bytes:
    """Send these bytes and return everything that comes back until the other side hangs up or falls silent."""
    place = urlsplit(door.service.address)
    received = b""
    with socket.create_connection((place.hostname, place.port), timeout=2) as line:
        try:
            line.sendall(sent)
            while part := line.recv(65536):
                received += part
        except (TimeoutError, ConnectionError):
            pass
    return received


HEAD = f"Host: x\r\nAuthorization: {ADMIN['Authorization']}\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /clients?q=Ромашка HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        f"POST {REGISTER} HTTP/1.1\r\n{HEAD}Content-Length: -5\r\n\r\n".encode(),
        f"POST {REGISTER} HTTP/1.1\r\n{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(),
        f"POST {REGISTER} HTTP/1.1\r\n{HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}".encode(),
    ],
)
def test_bytes_that_are_no_request_are_told_so(door: Door, sent: bytes) -> None:
    answer = on_the_wire(door, sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b'"code":"not-http"' in answer


@pytest.mark.parametrize("headers", ["X: " + "x" * 3_000_000 + "\r\n", "X: y\r\n" * 500_000])
def test_headers_without_end_are_cut_off(door: Door, headers: str) -> None:
    answer = on_the_wire(door, f"GET /health HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
    # Who is still sending when the line is cut may not get to hear why.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    assert on_the_wire(door, b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_two_requests_sent_at_once_get_two_answers(door: Door) -> None:
    body = b'{"name": 5}'
    one = f"POST {REGISTER} HTTP/1.1\r\n{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body
    answer = on_the_wire(door, one * 2)
    assert answer.count(b"HTTP/1.1 422 ") == 2
    assert answer.count(b'"/name"') == 2


def test_a_caller_who_hangs_up_in_the_middle_is_no_fault_of_ours(door: Door) -> None:
    place = urlsplit(door.service.address)
    for path in (REGISTER, "/commands", "/clients/search"):
        with socket.create_connection((place.hostname, place.port), timeout=2) as line:
            line.sendall(f'POST {path} HTTP/1.1\r\n{HEAD}Content-Length: 500\r\n\r\n{{"name": "Ro'.encode())
    end = time.monotonic() + 10
    while '"status":499' not in door.service.log.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    assert door.service.log.read_text().count('"status":499') >= 1
