"""What is sent goes compressed to whoever takes that, and to nobody else."""

import gzip

import pytest
from starlette.requests import Request

from read_api.console.packing import packed, takes_packed


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP ; q=0.5", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, identity", False),
        ("br, deflate", False),
        ("", False),
    ],
)
def test_who_takes_what_is_packed_says_so(said: str, takes: bool) -> None:
    scope = {"type": "http", "headers": [(b"accept-encoding", said.encode())]}
    assert takes_packed(Request(scope)) is takes


def test_what_is_packed_is_the_same_each_time_and_comes_out_whole() -> None:
    body = "Ромашка, договор № 7. ".encode() * 500
    assert gzip.decompress(packed(body)) == body
    assert packed(body) == packed(body)
    assert len(packed(body)) < len(body) / 6
