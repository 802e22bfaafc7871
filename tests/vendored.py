"""Takes the files that the console has from others out of the npm registry, at the versions that VENDOR.toml names.

`make vendor`, after a version was changed there: what the registry says of a package is checked against what npm
loaded, the named files are copied, the icons put together in one file, and the hashes written.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PLACE = Path(__file__).resolve().parent.parent / "read_api" / "console" / "static" / "vendor"
BOOK = PLACE / "VENDOR.toml"
SIGNS = "signs.svg"


def book() -> dict[str, Any]:
    """Return what VENDOR.toml says."""
    return tomllib.loads(BOOK.read_text("utf-8"))


def sums() -> dict[str, str]:
    """Return the SHA-256 of every file that is there, the book itself excepted."""
    paths = (path for path in sorted(PLACE.iterdir()) if path != BOOK)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def load(package: Mapping[str, Any], folder: Path) -> tuple[Path, str]:
    """Load a package as a file, and return it with its integrity; raises ValueError when the registry says another."""
    named = f"{package['name']}@{package['version']}"
    told = _npm("pack", named, cwd=folder)
    said = json.loads(_npm("view", named, "dist.integrity", cwd=folder))
    found = json.loads(told)
    (entry,) = found if isinstance(found, list) else found.values()
    path = folder / entry["filename"]
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if integrity != said:
        raise ValueError(f"{named}: the registry says {said}, and what was loaded is {integrity}")
    return path, integrity


def _npm(command: str, *words: str, cwd: Path) -> bytes:
    npm = shutil.which("npm") or "npm"
    return subprocess.run([npm, command, "--json", *words], cwd=cwd, capture_output=True, check=True).stdout


def signs(tar: tarfile.TarFile, names: list[str]) -> str:
    """Return icons as symbols of one file."""

    def symbol(name: str) -> str:
        member = tar.extractfile(f"package/icons/{name}.svg")
        assert member is not None
        (drawn,) = re.findall(r"<svg[^>]*>(.*)</svg>", member.read().decode(), flags=re.DOTALL)
        lines = "".join(line.strip() for line in drawn.splitlines())
        return f'<symbol id="{name}" viewBox="0 0 24 24">{lines}</symbol>\n'

    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(map(symbol, names))}</svg>\n'


def renew() -> Iterator[str]:
    """Take every package anew, and write the hashes; gives a line of each package."""
    text = BOOK.read_text("utf-8").partition("[sha256]")[0]
    for package in book()["package"]:
        with tempfile.TemporaryDirectory() as folder:
            path, integrity = load(package, Path(folder))
            with tarfile.open(path) as tar:
                for here, there in package["files"].items():
                    member = tar.extractfile(f"package/{there}")
                    assert member is not None
                    (PLACE / here).write_bytes(member.read())
                if "signs" in package:
                    (PLACE / SIGNS).write_text(signs(tar, package["signs"]), "utf-8")
        own = re.compile(rf'(name = "{re.escape(package["name"])}"\n.*?integrity = ")[^"]*(")', re.DOTALL)
        text = own.sub(rf"\g<1>{integrity}\g<2>", text, count=1)
        yield f"{package['name']} {package['version']}"
    hashes = "".join(f'"{name}" = "{digest}"\n' for name, digest in sums().items())
    BOOK.write_text(f"{text}[sha256]\n{hashes}", "utf-8")


if __name__ == "__main__":
    for line in renew():
        sys.stdout.write(f"{line}\n")
