"""A process of its own for what may take long, or all the memory: a question, a chart, or a workbook of somebody's."""

import subprocess
import sys
from pathlib import Path

BEGIN = "import sys; sys.path.insert(0, sys.argv[1]); from {module} import main; main()"
"""Started so, a process has this very code, whatever its environment says."""


def started(module: str) -> "subprocess.Popen[bytes]":
    """Start `main` of a module, as `infra.analytics.drawing`, which reads standard input.

    It has none of our environment and our files. It is in a group of its own: a Ctrl-C is not for it.
    """
    code = Path(__file__).resolve().parents[1]
    return subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-c", BEGIN.format(module=module), str(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    )
