"""The lists of words that answers have; a test holds each against the list of its name in the code.

What people call them is at `/labels`, in both languages.
"""

from typing import Literal

from read_api.roles import Role

ClientKind = Literal["person", "organisation"]
ContactKind = Literal["phone", "email", "address", "messenger", "site"]
Confidence = Literal["stated", "verified", "doubtful"]
ContactDoubt = Literal["date", "local", "mixed", "placeholder", "several", "tax_id", "unreadable"]
Lifecycle = Literal["prospect", "contacted", "customer", "regular", "lost"]
LossReason = Literal[
    "price",
    "competitor",
    "no_budget",
    "no_need",
    "timing",
    "no_decision",
    "unreachable",
    "quality",
    "terms",
    "duplicate",
    "other",
]
ForecastCategory = Literal["pipeline", "best_case", "commit"]
AffiliationRole = Literal["accountant", "buyer", "storekeeper", "director", "other"]
OwnershipCause = Literal[
    "offer", "claim", "import", "departure", "role", "conflict", "release", "merge", "unmerge", "revert"
]
StaffRole = Role
Channel = Literal[
    "call",
    "meeting",
    "email",
    "letter",
    "fax",
    "chat",
    "messenger",
    "visit",
    "web",
    "point_of_sale",
    "order",
    "complaint",
    "task",
]
Direction = Literal["inbound", "outbound"]
CallStatus = Literal["taken_to_work", "finished", "misdial"]
DealStatus = Literal["open", "won", "lost"]
ActivityStatus = Literal["planned", "held", "cancelled"]
SeenKind = Literal["clients", "deals", "activities", "texts"]
Scope = Literal["none", "own", "team", "branch", "all"]
EditedKind = Literal["clients", "personal", "ownership", "deals", "activities", "notes"]
Extent = Literal["none", "usual", "all"]
UnitKind = Literal["team", "branch"]
PermissionChannel = Literal["call", "sms", "email", "messenger", "letter"]
PermissionPurpose = Literal["advertising", "news", "events", "research", "partners"]
RelationKind = Literal["spouse", "parent", "child", "sibling", "relative", "partner", "referrer", "referred"]
Metric = Literal["contacts", "meetings", "calls", "offers", "deals_opened", "deals_won", "sum_won", "clients_claimed"]
CustomFieldType = Literal["text", "number", "date", "boolean", "choice"]
TaxMode = Literal["included", "added"]
ClientDateKind = Literal["birthday", "name_day", "wedding", "founded", "contract", "gift", "other"]
