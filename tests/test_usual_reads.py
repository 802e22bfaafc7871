"""What the benchmarks compare our reads with answers as ours do: a member that is new there is told by it too."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import inspect

from read_api.client_card import Client as Listed
from tests.bench.usual_models import Client
from tests.bench.usual_reads import _card, _page
from tests.examples import DAY


def test_a_card_and_a_page_are_made_of_a_client_in_the_table() -> None:
    told: dict[str, Any] = dict.fromkeys([*inspect(Client).all_orm_descriptors.keys(), "owner_name"])
    told |= {name: [] for name in ("persons", "organisations", "subsidiaries", "data_notices")}
    told |= {"contact_points": {}, "told": {}, "doubts": [], "profile": {}, "date_unknown": False}
    told |= {"client_id": UUID(int=1), "touch_count": 0, "version": 1, "position": 1}
    told |= {"kind": "person", "name": "Olga", "lifecycle": "prospect", "source": "a form", "registered_at": DAY}
    client: Any = SimpleNamespace(**told)
    card = _card(client, [])
    assert (card.client_id, card.data_notices, card.deals) == (UUID(int=1), [], None)
    [item] = _page([client], 50, ["client_id"])["items"]
    assert Listed.model_validate(item, from_attributes=True).client_id == UUID(int=1)
