"""The one list of read models: what readers can ask for, each rebuilt from the log at any time.

A row's fields are its table's columns, plus `position` (the last fact folded into it). The types, one for one:
UUID uuid · str text · int bigint · bool boolean · datetime timestamptz (UTC) · date date · Decimal numeric ·
list[str] text[] · dict[str, Any] jsonb (plain JSON). `| None` may be NULL, nothing else may.

client_card (client_id): kind name name_sort name_parts identity_keys contact_points tax_id profile affiliations
    parent_id owner_id owned_since lifecycle archived_at registered_at date_unknown source external_id last_touch_at
    last_touch_channel last_touch_direction touch_count version
client_timeline (client_id, event_position): occurred_at recorded_at topic stream_id actor staff_id channel direction
    details
contact_persons (organisation_id, person_id): role is_active since ended_at
ownership_history (client_id, event_position): from_owner_id to_owner_id cause reason occurred_at recorded_at actor;
    its view adds `until`
pipeline_board (deal_id): client_id seller_id pipeline_id stage stage_since status title product_code amount currency
    won_amount won_currency opened_at closed_at lost_reason external_id date_unknown version
pipelines (pipeline_id): name stages defined_at version
products (product_id): code name series aliases listed_at withdrawn_at version
staff_directory (staff_id): name role team branch head_id hired_at date_unknown departed_at successor_id version
activities (activity_id): state channel direction staff_id client_id contact_id deal_id topic due_at held_at
    cancelled_at takes_place_at result cancel_reason call_status contact_name contact_data is_offer was_planned
    date_unknown note_count last_note remind_at reminded_at version
staff_counters (staff_id, day): contacts meetings calls offers deals_opened deals_won deals_lost clients_claimed won
timers_due (timer, stream_id): due_at set_by
"""

from typing import Any

from infra.projector.projection import Projection
from projections.interactions.activities import activities
from projections.parties.client_card import client_card
from projections.parties.client_timeline import client_timeline
from projections.parties.contact_persons import contact_persons
from projections.parties.ownership_history import ownership_history
from projections.sales.pipeline_board import pipeline_board
from projections.sales.pipelines import pipelines
from projections.sales.products import products
from projections.staff.staff_counters import staff_counters
from projections.staff.staff_directory import staff_directory
from projections.timers.timers_due import timers_due

PROJECTIONS: tuple[Projection[Any], ...] = (
    client_card,
    client_timeline,
    contact_persons,
    ownership_history,
    pipeline_board,
    pipelines,
    products,
    staff_directory,
    activities,
    staff_counters,
    timers_due,
)
