"""The views that questions are asked of, each with the shape that is read: its number is raised here, in one place.

They are named bare: a session says where they are. Readers of the present find them in the schema `read`; a question
about the past finds tables of its own under the same names.
"""

ACTIVITIES = "activities_v3"
API_KEYS = "api_keys_v1"
CANONICAL_MAP = "canonical_map_v1"
CLIENT_CARD = "client_card_v7"
CLIENT_DATES = "client_dates_v1"
CLIENT_FILES = "client_files_v1"
CLIENT_PAIRS = "client_pairs_v1"
CLIENT_PERMISSIONS = "client_permissions_v1"
CLIENT_RELATIONS = "client_relations_v1"
CLIENT_TAGS = "client_tags_v1"
CLIENT_TIMELINE = "client_timeline_v3"
CONTACT_PERSONS = "contact_persons_v1"
IMPORT_REPORT = "import_report_v1"
LOGINS = "logins_v2"
NOTES = "notes_v1"
OWNERSHIP_HISTORY = "ownership_history_v2"
PIPELINE_BOARD = "pipeline_board_v4"
PIPELINES = "pipelines_v2"
PRODUCTS = "products_v1"
STAFF_DIRECTORY = "staff_directory_v4"
STAFF_PLACES = "staff_places_v1"
UNITS = "units_v2"
