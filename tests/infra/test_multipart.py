"""A form is read piece by piece, however it is cut, and one that is none is refused."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.multipart import Begins, Multipart, MultipartError

CONTENT = b"a;b\r\n--x\r\n\r\n-- 1;2\n" * 20


def read(content_type: str, body: bytes, size: int) -> list[tuple[Begins, bytes]]:
    reading, parts = Multipart(content_type), list[tuple[Begins, bytes]]()
    for place in range(0, len(body), size):
        for part in reading.feed(body[place : place + size]):
            if isinstance(part, Begins):
                parts.append((part, b""))
            else:
                parts[-1] = (parts[-1][0], parts[-1][1] + part)
    reading.end()
    return parts


@given(st.binary(max_size=300), st.integers(1, 400))
def test_however_it_is_cut_a_form_says_what_was_put_into_it(content: bytes, size: int) -> None:
    files = {"file": ('Клиенты "1".csv', CONTENT + content), "mapping": ("m.toml", b""), "target": (None, b"client")}
    sent = httpx.Request("POST", "http://x", files=files)
    parts = read(sent.headers["content-type"], sent.read(), size)
    assert parts == [
        (Begins("file", 'Клиенты "1".csv'), CONTENT + content),
        (Begins("mapping", "m.toml"), b""),
        (Begins("target", None), b"client"),
    ]


HEAD = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", HEAD + b"1"),
        ("multipart/form-data; boundary=x", HEAD + b"1\r\n--x"),
        ("multipart/form-data; boundary=x", HEAD + b"1\r\n--x!"),
        ("multipart/form-data; boundary=x", b"--x\r\nX: y\r\n\r\n1\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"y" * 20_000),
    ],
)
def test_what_is_no_form_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(MultipartError):
        read(content_type, body, 7)
