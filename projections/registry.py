"""The one list of read models and fact tables: what readers can ask for, each rebuilt from the log at any time."""

from types import ModuleType
from typing import Any

from infra.analytics.fact_schema import FactTable
from infra.projector.projection import Projection
from projections.imports import import_report
from projections.interactions import activities, notes
from projections.interactions import facts as interaction_facts
from projections.parties import (
    canonical_map,
    client_card,
    client_dates,
    client_fields,
    client_files,
    client_pairs,
    client_permissions,
    client_relations,
    client_tags,
    client_timeline,
    contact_persons,
    custom_fields,
    ownership_history,
)
from projections.parties import facts as party_facts
from projections.sales import facts as sales_facts
from projections.sales import pipeline_board, pipelines, price_books, price_list, products, tax_rates
from projections.staff import api_keys, logins, plans, staff_directory, staff_places, units
from projections.staff import facts as staff_facts
from projections.timers import timers_due

MODULES: tuple[ModuleType, ...] = (
    client_card,
    canonical_map,
    client_timeline,
    client_pairs,
    client_dates,
    client_files,
    client_permissions,
    client_relations,
    client_tags,
    client_fields,
    custom_fields,
    contact_persons,
    ownership_history,
    pipeline_board,
    pipelines,
    products,
    tax_rates,
    price_books,
    price_list,
    staff_directory,
    activities,
    notes,
    units,
    staff_places,
    plans,
    logins,
    api_keys,
    timers_due,
    import_report,
    sales_facts,
    interaction_facts,
    party_facts,
    staff_facts,
)
"""What is declared in these modules is known by itself."""

PROJECTIONS: tuple[Projection[Any], ...] = tuple(
    member for module in MODULES for member in vars(module).values() if isinstance(member, Projection)
)
FACT_TABLES: tuple[FactTable, ...] = tuple(
    member for module in MODULES for member in vars(module).values() if isinstance(member, FactTable)
)
