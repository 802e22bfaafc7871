"""How much memory the embedded server is given."""

from pathlib import Path

import pytest

from infra.postgres.machine import memory_bytes
from infra.postgres.postmaster import default_settings

GB = 2**30


def test_a_container_has_no_more_than_it_may_use(tmp_path: Path) -> None:
    whole = memory_bytes(tmp_path / "no limit here")
    assert whole > GB // 2
    limit = tmp_path / "memory.max"
    for text, expected in (("max\n", whole), (f"{GB // 4}\n", GB // 4), (f"{whole * 2}\n", whole)):
        limit.write_text(text, encoding="ascii")
        assert memory_bytes(limit) == expected


@pytest.mark.parametrize(
    ("memory", "buffers"), [(GB // 2, "128MB"), (8 * GB, "1024MB"), (24 * GB, "3072MB"), (512 * GB, "8192MB")]
)
def test_the_server_keeps_an_eighth_of_the_memory_at_hand(memory: int, buffers: str) -> None:
    assert default_settings(memory)["shared_buffers"] == buffers
