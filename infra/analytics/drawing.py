"""Charts as pictures: each is drawn by a process of its own, which then ends.

What draws (vl-convert, the extra `charts`) has a JavaScript machine in it, whose memory and time are better not ours.
"""

import contextlib
import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Literal

from infra.own_process import started

Picture = Literal["svg", "png"]

VERSION = "5.21"
"""Of Vega-Lite: the newest of those that what draws has, and the schema names."""

SECONDS = 20.0
"""How long a picture may take; one takes about a second, most of it the beginning."""

SCALE = 2.0
"""How many dots of a PNG are one pixel: sharp on paper and on fine screens."""


class DrawingNotInstalledError(Exception):
    """What draws is not installed here."""


class NotDrawnError(Exception):
    """A picture took too long, or cannot be drawn; says why."""


def is_installed() -> bool:
    """Tell whether pictures can be drawn here."""
    return find_spec("vl_convert") is not None


def drawn(spec: Mapping[str, Any], form: Picture, seconds: float = SECONDS) -> bytes:
    """Return a chart, whose data are in its description (Vega-Lite), as a picture.

    Raises DrawingNotInstalledError and NotDrawnError.
    """
    if not is_installed():
        raise DrawingNotInstalledError
    with started("infra.analytics.drawing") as process:
        try:
            asked = json.dumps({"spec": spec, "form": form, "seconds": seconds}).encode()
            picture, fault = process.communicate(asked, seconds)
        except subprocess.TimeoutExpired:
            raise NotDrawnError(f"it took longer than {seconds:g} s") from None
        finally:
            process.kill()
    if process.returncode != 0:
        raise NotDrawnError(fault.decode(errors="replace").strip().rpartition("\n")[2][:200])
    return picture


def main() -> None:
    """Draw the one chart that stands on the input."""
    asked = json.load(sys.stdin)
    limit = int(asked["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import vl_convert

    # Nothing is fetched: what is drawn brings its data along.
    svg = vl_convert.vegalite_to_svg(asked["spec"], vl_version=VERSION, allowed_base_urls=[])
    picture = svg.encode() if asked["form"] == "svg" else vl_convert.svg_to_png(svg, scale=SCALE)
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(picture)
