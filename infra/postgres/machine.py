"""How much memory this machine has, or as much of it as this process may use."""

import os
from pathlib import Path

_LIMIT = Path("/sys/fs/cgroup/memory.max")
"""What a container may use, where there is such a limit (cgroup v2); "max" without one."""


def memory_bytes(limit: Path = _LIMIT) -> int:
    """Return the memory there is, in bytes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(memory, int(limit.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return memory
