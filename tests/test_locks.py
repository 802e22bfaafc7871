"""The lock files agree: what is installed beside the rest, for scale or for mutants, changes nothing of the rest."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pinned(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize(
    ("name", "brings"), [("requirements-scale.lock", "dask"), ("requirements-mutants.lock", "mutmut")]
)
def test_what_both_lock_files_pin_they_pin_alike(name: str, brings: str) -> None:
    usual, beside = pinned("requirements.lock"), pinned(name)
    assert brings in beside.keys() - usual.keys()
    shared = beside.keys() & usual.keys()
    assert "pydantic" in shared
    assert {each: (usual[each], beside[each]) for each in shared if usual[each] != beside[each]} == {}
