"""Who may see what: every route by name, with the roles that have the right to it."""

# They meet clients, or answer for those who do.
FRONT_OFFICE = frozenset({"seller", "head", "operator", "marketer", "service_agent", "admin", "auditor"})
# No personal data in these: analysts and programs may see them too.
EVERYBODY = FRONT_OFFICE | {"analyst", "ops", "integration"}

RIGHTS: dict[str, frozenset[str]] = {
    "get_client": FRONT_OFFICE,
    "list_clients": FRONT_OFFICE,
    "search_clients": FRONT_OFFICE,
    "get_client_timeline": FRONT_OFFICE,
    "get_client_ownership": FRONT_OFFICE,
    "get_client_history": frozenset({"auditor", "admin"}),
    "list_deals": FRONT_OFFICE,
    "get_deal": FRONT_OFFICE,
    "get_pipeline": FRONT_OFFICE,
    "list_activities": FRONT_OFFICE,
    "get_my_day": FRONT_OFFICE,
    "list_units": EVERYBODY,
    "get_staff_places": EVERYBODY,
    "list_staff": FRONT_OFFICE | {"ops"},
    "get_staff_counters": FRONT_OFFICE,
    "list_products": EVERYBODY,
    "list_pipelines": EVERYBODY,
    "list_reports": frozenset({"head", "marketer", "analyst", "auditor", "admin"}),
    "get_report": frozenset({"head", "marketer", "analyst", "auditor", "admin"}),
    "list_events": frozenset({"auditor", "ops", "integration", "analyst", "admin"}),
    "list_projections": frozenset({"head", "analyst", "auditor", "ops", "admin"}),
    "watch_rebuilds": frozenset({"head", "analyst", "auditor", "ops", "admin"}),
}

# They may look at somebody else's day.
OTHERS_DAY = frozenset({"head", "admin", "auditor"})

# Of those who may read the events: to the others personal data are not told.
PERSONAL_DATA = FRONT_OFFICE
