"""What is asked of the read models' upkeep: what each keeps, what a rebuild would come to, what waits."""

import pytest

from app.composition.decoding import decoder_factory
from app.operations.bodies import OPERATIONS, ROLES
from commands.roles import SENDING_FILES
from projections.registry import PROJECTIONS
from read_api.upkeep import Estimate, Sizes, Waiting
from replay.rebuilding.dry_run import estimate
from tests.database import MASTER
from tests.read_api.office import Office, nth
from tests.read_api.test_parked import let_wait

LISTED = {"code": "scales", "aliases": [], "version": 1, "position": 1}


@pytest.fixture(scope="module")
def views(desk: Office) -> Office:
    desk.record(9)
    desk.move(9)
    desk.put("products", *({"product_id": nth(number), **LISTED} for number in (1, 2)))
    return desk


def test_every_generation_says_what_it_keeps(views: Office) -> None:
    told = views.get("/projections/sizes", role="ops")
    sizes = Sizes.model_validate(told.json())
    assert {one.name for one in sizes.items} == {one.name for one in PROJECTIONS}
    (products,) = [one for one in sizes.items if one.name == "products"]
    assert (products.generation, products.rows, products.is_counted, products.is_current) == (1, 2, True, True)
    assert products.size_bytes >= 8192
    assert (products.kept_since, products.kept_events) == (None, None)
    assert sizes.free_bytes is None or sizes.free_bytes > 0
    assert told.headers["letopis-position"] == "9"


def test_a_dry_run_tells_what_is_typed_would_tell_and_changes_nothing(views: Office) -> None:
    before = views.run("SELECT name, generation, state FROM letopis.projection ORDER BY name")
    told = views.get("/projections/products/estimate?processes=4&verify=none&throttle=1", role="ops").json()
    Estimate.model_validate(told)
    assert (told["events"], told["checked_events"], told["workers"], told["is_measured"]) == (9, 0, 1, False)
    assert told["seconds"] >= 9, "held to one a second"
    products = next(one for one in PROJECTIONS if one.name == "products")
    url = views.database.projector_url
    typed = estimate(products, url, decoder_factory(url, MASTER), check="none", throttle=1)
    assert (typed.needed_bytes, typed.freed_bytes) == (told["needed_bytes"], told["freed_bytes"])
    assert views.get("/projections/products/estimate", role="ops").json()["checked_events"] == 9
    assert views.run("SELECT name, generation, state FROM letopis.projection ORDER BY name") == before


def test_a_fact_that_cannot_be_folded_is_told_instead_of_an_estimate(views: Office) -> None:
    views.record(10, topic="product.listed")
    answer = views.get("/projections/products/estimate", role="ops", headers={"Accept-Language": "ru"})
    assert (answer.status_code, answer.json()["code"], answer.json()["position"]) == (409, "fact-not-taken-in", 10)
    assert "product.listed" in answer.json()["detail"]
    assert views.get("/projections/units/estimate", role="ops").status_code == 200


def test_what_waits_and_what_was_skipped_is_told_with_why_and_by_whom(views: Office) -> None:
    let_wait(views, "products", '["tills"]', 7)
    let_wait(views, "products", '["scales"]', 3)
    let_wait(views, "units", f'["{nth(1)}"]', 2)
    views.run(
        "INSERT INTO letopis.skipped (name, place, position, event_id, topic, failure, reason, actor)"
        " VALUES ('products', '[\"inks\"]', 5, gen_random_uuid(), 'test.done', 'KeyError', 'a mistake', 'vera')"
    )
    told = views.get("/projections/products/parked", role="auditor").json()
    Waiting.model_validate(told)
    assert [(one["key"], one["position"]) for one in told["parked"]] == [('["scales"]', 3), ('["tills"]', 7)]
    assert told["parked"][0]["reason"] == "KeyError at held:7"
    [skipped] = told["skipped"]
    assert (skipped["key"], skipped["failure"], skipped["reason"], skipped["actor"]) == (
        '["inks"]',
        "KeyError",
        "a mistake",
        "vera",
    )
    assert views.get("/projections/analytics/parked", role="ops").json() == {"parked": [], "skipped": []}


@pytest.mark.parametrize("what", ["estimate", "parked"])
def test_a_read_model_that_there_is_not_is_told_of(views: Office, what: str) -> None:
    answer = views.get(f"/projections/nonsense/{what}", role="ops")
    assert (answer.status_code, answer.json()["title"]) == (404, "There is no such read model")
    assert views.get(f"/projections/No%20name/{what}", role="ops").status_code == 422


@pytest.mark.parametrize("wrong", ["processes=0", "processes=65", "verify=all", "throttle=0"])
def test_a_dry_run_takes_what_a_rebuild_takes(views: Office, wrong: str) -> None:
    assert views.get(f"/projections/products/estimate?{wrong}", role="ops").status_code == 422


def test_each_role_is_told_which_operations_it_may_ask_for(views: Office) -> None:
    rights = {one["role"]: one["operations"] for one in views.get("/rights", role="auditor").json()["items"]}
    assert {role for role, named in rights.items() if named} == ROLES | SENDING_FILES
    for role, named in rights.items():
        if role not in {"client", "partner"}:
            assert views.get("/me", role=role).json()["operations"] == named
        operations = [name for name, kind in OPERATIONS.items() if role in kind.ROLES]
        operations += ["import", "revert-import"] if role in SENDING_FILES else []
        assert named == sorted(operations)
