"""The columns of every shape of a read model are kept: readers of an older version select them while it is upgraded."""

import json
from typing import Any

import pytest

from infra.projector.projection import Projection
from projections.registry import PROJECTIONS
from tests.frozen import NEW, OTHER_SHAPE, shape_file, shape_named, shape_text


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_changed_columns_are_another_shape(projection: Projection[Any]) -> None:
    file = shape_file(projection)
    assert file.exists(), NEW.format(what=f"Shape {projection.shape} of {projection.name}", file=file.name)
    told = OTHER_SHAPE.format(**shape_named(projection))
    assert json.loads(shape_text(projection)) == json.loads(file.read_text()), told
