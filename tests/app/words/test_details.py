"""The details of a client's story are described member by member, and every fact has what is described."""

from typing import Any

from jsonschema_rs import validator_for

from app.words.details import NAME, type_details
from projections.parties.client_timeline import TOLD, client_timeline
from tests.projections.facts import EVERY_KIND
from tests.story import given


def test_every_fact_of_a_story_has_the_details_that_are_described() -> None:
    schemas: dict[str, Any] = {"TimelineEntry": {"properties": {"details": {"type": "object"}}}}
    type_details({"components": {"schemas": schemas}})
    assert schemas["TimelineEntry"]["properties"]["details"] == {"$ref": f"#/components/schemas/{NAME}"}
    members = schemas[NAME]["properties"]
    assert [name for name, member in members.items() if not {"type", "anyOf", "enum"} & set(member)] == []
    described = validator_for({**schemas[NAME], "additionalProperties": False})
    told = given(*EVERY_KIND).rows(client_timeline).values()
    assert {row.topic for row in told} >= {kind.TOPIC for kind in TOLD}
    for row in told:
        described.validate(row.details)
    assert {name for row in told for name in row.details} <= set(members)
