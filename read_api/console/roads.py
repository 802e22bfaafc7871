"""One of the pipelines that the API tells of."""

from collections.abc import Mapping
from typing import Any

Road = Mapping[str, Any]

NO_ROAD: Road = {"name": None, "stages": ()}
"""In place of one that is not there."""


def road_of(found: Mapping[str, Any], pipeline_id: str | None) -> Road | None:
    """Return the pipeline of this id from the answer of `GET /pipelines`, if it is there."""
    return next((one for one in found["items"] if one["pipeline_id"] == pipeline_id), None)


def stage_called(road: Road, code: str | None) -> str | None:
    """Return what a stage of a pipeline is called, else its code; None where the pipeline has no such stage."""
    return next((one["name"] or one["code"] for one in road["stages"] if one["code"] == code), None)
