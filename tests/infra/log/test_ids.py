"""Ids: what is made of a name is what everybody else makes of it."""

from uuid import RFC_4122, UUID, uuid4, uuid5

import pytest

from infra.log.ids import id_of, named_id, new_id


@pytest.mark.parametrize("name", ["", "7", "old-crm\nclient\nООО «Ромашка»", "x" * 10_000, "\U0001f600"])
def test_an_id_of_a_name_is_its_uuid5(name: str) -> None:
    namespace = uuid4()
    made = named_id(namespace, name)
    assert made == uuid5(namespace, name)
    assert (made.version, made.variant, hash(made)) == (5, RFC_4122, hash(uuid5(namespace, name)))


def test_an_id_is_its_number() -> None:
    assert [id_of(number) for number in (0, 1, (1 << 128) - 1)] == [UUID(int=n) for n in (0, 1, (1 << 128) - 1)]
    assert new_id().version == 7
