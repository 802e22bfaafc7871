"""How a process sleeps under libfaketime, which takes no monotonic moment to sleep until (Python's way since 3.11)."""

import select
import time
from typing import SupportsIndex


def _sleep(seconds: SupportsIndex | float) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
