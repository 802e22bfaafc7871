"""Nothing that happens to a noun is left out by oversight: of its own view, of a client's timeline, of the analysts."""

from types import ModuleType
from typing import Any

import pytest

from events.base import Event
from events.registry import EVENT_TYPES, MODULES, declared_in
from infra.projector.projection import Projection, own_stream
from projections.parties.client_timeline import client_timeline
from projections.registry import FACT_TABLES, PROJECTIONS

NOT_SHOWN = {
    "team.name_taken": "it is of the stream of a name, which only says whose name it is",
    "branch.name_taken": "it is of the stream of a name, which only says whose name it is",
    "import_source.reverted": "it is of the stream of a source, which only counts; the import's own says it",
}
"""Events that the view of their own noun does not show, with the reason."""

NOT_COUNTED = {
    "activity.corrected": "no report counts minutes or participants yet",
    "activity.note_edited": "a remark",
    "activity.note_withdrawn": "a remark",
    "activity.noted": "a remark",
    "activity.rescheduled": "no report counts moved appointments yet",
    "activity.reminder_fell": "nobody is judged by what they were reminded of",
    "api_key.issued": "of a program's way in, not of work",
    "api_key.revoked": "of a program's way in, not of work",
    "api_key.rotated": "of a program's way in, not of work",
    "branch.name_taken": "of a name, not of a branch",
    "client.affiliated": "no report counts contact persons yet",
    "client.affiliation_ended": "no report counts contact persons yet",
    "client.contact_point_added": "personal",
    "client.contact_point_corrected": "personal",
    "client.contact_point_removed": "personal",
    "client.data_notice_given": "no report counts who was told yet",
    "client.note_edited": "a remark",
    "client.note_withdrawn": "a remark",
    "client.noted": "a remark",
    "client.part_advanced": "the client whose it is has advanced itself",
    "client.profile_corrected": "personal",
    "client.registration_number_corrected": "personal",
    "client.renamed": "personal",
    "client.subsidiary_declared": "no report counts groups of companies yet",
    "client.tax_id_corrected": "personal",
    "client_pair.kept_apart": "no report counts doubles yet",
    "client_pair.reconsidered": "no report counts doubles yet",
    "client_date.dropped": "personal",
    "client_date.noted": "personal",
    "client_field.cleared": "personal",
    "client_field.set": "personal",
    "client_permission.consent_given": "no report counts consents yet",
    "client_permission.consent_withdrawn": "no report counts consents yet",
    "client_permission.entry_retracted": "no report counts consents yet",
    "client_permission.objection_lifted": "no report counts consents yet",
    "client_permission.objection_raised": "no report counts consents yet",
    "client_relation.began": "no report counts relations yet",
    "client_relation.ended": "no report counts relations yet",
    "client_file.added": "no report counts files yet",
    "client_file.removed": "no report counts files yet",
    "client_tag.given": "personal",
    "client_tag.taken": "personal",
    **dict.fromkeys(
        (
            f"plan.{name}"
            for name in ["accepted", "agreed", "contested", "period_closed", "target_adjusted", "withdrawn"]
        ),
        "what is to be reached is told beside what was (GET /plans/{id}/progress), and is no work by itself",
    ),
    "custom_field.defined": "what the company asks of clients is no work",
    "custom_field.option_added": "what the company asks of clients is no work",
    "custom_field.option_relabelled": "what the company asks of clients is no work",
    "custom_field.option_restored": "what the company asks of clients is no work",
    "custom_field.option_retired": "what the company asks of clients is no work",
    "custom_field.relabelled": "what the company asks of clients is no work",
    "custom_field.restored": "what the company asks of clients is no work",
    "custom_field.retired": "what the company asks of clients is no work",
    "deal.note_edited": "a remark",
    "deal.note_withdrawn": "a remark",
    "deal.retitled": "personal",
    "deal.noted": "a remark",
    "import.finished": "it accounts for rows, not for the business",
    "import.revert_begun": "it accounts for rows, not for the business",
    "import.reverted": "it accounts for rows, not for the business",
    "import_source.reverted": "it accounts for rows, not for the business",
    "import.started": "it accounts for rows, not for the business",
    "login.bound": "of a name at an identity provider, not of work",
    "login.released": "of a name at an identity provider, not of work",
    "portal_login.bound": "of a name at an identity provider, not of work",
    "portal_login.released": "of a name at an identity provider, not of work",
    "right.editing_granted": "who may edit what is no figure",
    "right.scope_granted": "who sees what is no figure",
    "price_book.opened": "no report counts prices yet",
    "price_book.published": "no report counts prices yet",
    "price_book.closed": "no report counts prices yet",
    "price_ladder.listed": "no report counts prices yet",
    "price_ladder.border_moved": "no report counts prices yet",
    "price_ladder.withdrawn": "no report counts prices yet",
    "product.described": "no report counts groups or taxes yet",
    "product.succeeded": "no report counts groups or taxes yet",
    "tax_rate.adopted": "no report counts groups or taxes yet",
    "staff.reinstated": "who may come in is no figure",
    "staff.suspended": "who may come in is no figure",
    "team.name_taken": "of a name, not of a team",
}
"""Events that stand in no fact table, with the reason."""


def nouns_of(view: Projection[Any]) -> list[ModuleType]:
    """Return the nouns of which the view keeps a row for each stream."""
    own = {kind.__module__ for kind, (keys, _) in view.folds.items() if keys is own_stream}
    return [module for module in MODULES if module.__name__ in own]


@pytest.mark.parametrize("view", [view for view in PROJECTIONS if nouns_of(view)], ids=lambda view: view.name)
def test_the_view_of_a_noun_shows_all_that_happens_to_it(view: Projection[Any]) -> None:
    left_out = {kind.TOPIC for kind in declared_in(nouns_of(view), Event)} - set(view.topics) - set(NOT_SHOWN)
    assert not left_out, (
        f"{view.name} does not fold {sorted(left_out)}: fold them in {view.ddl.with_suffix('.py').name}, or say in"
        " NOT_SHOWN why nobody needs to see them."
    )


def test_whatever_names_a_client_is_in_a_clients_timeline() -> None:
    naming = {kind.TOPIC for kind in EVENT_TYPES if any(mark.kind == "client" for mark in kind.IDS.values())}
    assert naming
    assert naming <= set(client_timeline.topics)


def test_every_event_is_counted_or_it_is_said_why_not() -> None:
    counted = {topic for table in FACT_TABLES for topic in table.topics}
    every = {kind.TOPIC for kind in EVENT_TYPES}
    assert not every - counted - set(NOT_COUNTED), (
        f"{sorted(every - counted - set(NOT_COUNTED))}: add them to a fact table (facts.py beside the read models), or"
        " say in NOT_COUNTED why no report needs them."
    )
    assert not set(NOT_COUNTED) & counted
    assert set(NOT_COUNTED) <= every
