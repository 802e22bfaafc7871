"""The two lock files agree: what `make test-scale` installs beside the rest changes nothing of the rest."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def pinned(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))


def test_what_both_lock_files_pin_they_pin_alike() -> None:
    usual, scale = pinned("requirements.lock"), pinned("requirements-scale.lock")
    assert "dask" in scale.keys() - usual.keys()
    shared = scale.keys() & usual.keys()
    assert "pydantic" in shared
    assert {name: (usual[name], scale[name]) for name in shared if usual[name] != scale[name]} == {}
