"""What is measured of the files of clients."""

from collections.abc import Iterator

from app.files.standing import beside
from app.serving.metrics import Gauge
from infra.files.folder import FilesFolder


def gauges_of_files(folder: FilesFolder) -> Iterator[Gauge]:
    """Give what came in and is not settled, and what was ever swept, by why."""
    around = beside(folder)
    yield Gauge("letopis_files_unsettled", "Files on their way in, or left by a crash and not swept.", around.unsettled)
    for why, number in around.swept.items():
        yield Gauge("letopis_files_swept", "Files whose bytes were swept from this folder.", number, {"why": why})
