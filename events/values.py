"""The whole values that facts are made of: money with its currency, a contact point with its key."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from events.marks import FREE_TEXT, OPEN


class Value(BaseModel):
    """A whole value: frozen, and equal when its parts are equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, parts: dict[str, Any]) -> Self:
        """Return the value of these parts: the class called with them, in two thirds of the time."""
        value: Self = cls.__pydantic_validator__.validate_python(parts)
        return value


# PostgreSQL stores no NUL in a text; pydantic itself refuses lone surrogates, which UTF-8 cannot say.
NO_NUL = r"^[^\x00]*$"
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True, pattern=NO_NUL), FREE_TEXT
]
ShortText = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=NO_NUL), FREE_TEXT
]
WholeText = Annotated[str, StringConstraints(min_length=1, max_length=100_000, pattern=NO_NUL), FREE_TEXT]
"""A text that was written by hand and is kept whole, as the mapping of an import."""
CURRENCY = r"^[A-Z]{3}$"
OpenShortText = Annotated[ShortText, OPEN]
"""What things of the company are called, and what other systems know something by; never what is said of anybody."""
SHA256 = r"^[0-9a-f]{64}$"
Digest = Annotated[str, StringConstraints(pattern=SHA256)]
"""What SHA-256 makes of a secret, in small hexadecimal digits; no secret of ours is written so."""
CODE = r"^[a-z0-9][a-z0-9_-]{0,63}$"
Code = Annotated[str, StringConstraints(pattern=CODE)]
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Version = Annotated[str, StringConstraints(pattern=VERSION)]
"""By what people call a version of a text: 2026-06, v1.2."""
# Nobody has met a client before 1900; what lies after 2100 is a slip of the keyboard.
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (1900, 2100))
AnyMoment = Annotated[AwareDatetime, Field(ge=EARLIEST, lt=LATEST)]
"""As people say it, in any zone."""
Day = Annotated[date, Field(ge=EARLIEST.date(), lt=LATEST.date())]
"""A day that is one whatever the zone."""
Moment = Annotated[AnyMoment, AfterValidator(lambda moment: moment.astimezone(UTC))]
"""As facts say it, in UTC; those that say it in another zone are old."""
# Nobody is reminded by seconds; beyond a quarter of a year it is another plan.
SHORTEST_NOTICE = timedelta(minutes=1)
LONGEST_NOTICE = timedelta(days=90)
Notice = Annotated[timedelta, Field(ge=SHORTEST_NOTICE, le=LONGEST_NOTICE)]
# A trade fair lasts a week; what lasts longer is no activity.
LONGEST_DURATION = 7 * 24 * 60
Minutes = Annotated[int, Field(ge=1, le=LONGEST_DURATION)]
MOST_PARTICIPANTS = 50


def moment_before(moment: datetime, notice: timedelta) -> datetime:
    """Return when to remind of a moment that long ahead, UTC; never earlier than any moment may be."""
    return max(moment.astimezone(UTC) - notice, EARLIEST)


class Money(Value):
    """An amount in a currency; two currencies are never added up."""

    amount: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False)]
    currency: Annotated[str, StringConstraints(pattern=CURRENCY)]


class ClientKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


class ContactKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    MESSENGER = "messenger"
    SITE = "site"


class Confidence(StrEnum):
    """How sure we are of what we were told (clients are reluctant to disclose)."""

    STATED = "stated"
    VERIFIED = "verified"
    DOUBTFUL = "doubtful"


class ContactDoubt(StrEnum):
    """What a text is that is no phone number or e-mail address, as far as that is seen."""

    DATE = "date"
    LOCAL = "local"
    MIXED = "mixed"
    PLACEHOLDER = "placeholder"
    SEVERAL = "several"
    TAX_ID = "tax_id"
    UNREADABLE = "unreadable"


class ContactPoint(Value):
    """A way to reach somebody: as typed, and the key it is known by (E.164, lower-case e-mail).

    With a `doubt` it is kept as it was typed, and nobody is recognised by it.
    """

    kind: ContactKind
    value: ShortText
    key: ShortText
    label: ShortText | None = None
    confidence: Confidence = Confidence.STATED
    doubt: ContactDoubt | None = None


class RegistrationNumber(StrEnum):
    """By what a client is registered, beside the tax number: КПП (a branch's, of an organisation) and ОГРН."""

    KPP = "kpp"
    OGRN = "ogrn"


class ProfileField(StrEnum):
    """The traits a client card may hold; a new trait is a new member."""

    SECTOR = "sector"
    YEAR_FOUNDED = "year_founded"
    ANNUAL_REVENUE = "annual_revenue"
    EMPLOYEES = "employees"
    LOCATION = "location"
    LEGAL_ADDRESS = "legal_address"
    DIRECTOR = "director"
    REGISTRATION_CODE = "registration_code"
    BIRTHDAY = "birthday"
    POSITION = "position"
    FAMILY = "family"
    PREFERENCES = "preferences"
    POTENTIAL = "potential"
    NOTE = "note"


class ProfileFact(Value):
    """One trait of a client, with where it came from and how sure we are."""

    field: ProfileField
    value: Text
    source: ShortText
    confidence: Confidence = Confidence.STATED


class Lifecycle(StrEnum):
    """Where the relationship stands; the order of the members is the order of the cycle."""

    PROSPECT = "prospect"
    CONTACTED = "contacted"
    CUSTOMER = "customer"
    REGULAR = "regular"
    LOST = "lost"


class AffiliationRole(StrEnum):
    ACCOUNTANT = "accountant"
    BUYER = "buyer"
    STOREKEEPER = "storekeeper"
    DIRECTOR = "director"
    OTHER = "other"


class LossReason(StrEnum):
    """Why a deal was lost, for those who count."""

    PRICE = "price"
    COMPETITOR = "competitor"
    NO_BUDGET = "no_budget"
    NO_NEED = "no_need"
    TIMING = "timing"
    NO_DECISION = "no_decision"
    UNREACHABLE = "unreachable"
    QUALITY = "quality"
    TERMS = "terms"
    DUPLICATE = "duplicate"
    OTHER = "other"


class OwnershipCause(StrEnum):
    """Why a client has, or no longer has, this owner."""

    OFFER = "offer"
    CLAIM = "claim"
    IMPORT = "import"
    DEPARTURE = "departure"
    ROLE = "role"
    CONFLICT = "conflict"
    RELEASE = "release"
    MERGE = "merge"
    UNMERGE = "unmerge"
    REVERT = "revert"


class StaffRole(StrEnum):
    SELLER = "seller"
    HEAD = "head"
    OPERATOR = "operator"
    MARKETER = "marketer"
    SERVICE_AGENT = "service_agent"
    ANALYST = "analyst"
    AUDITOR = "auditor"
    OPS = "ops"
    ADMIN = "admin"
    INTEGRATION = "integration"


class PortalRole(StrEnum):
    """As what somebody comes in for a client; no role of the staff."""

    CLIENT = "client"
    PARTNER = "partner"


class SeenKind(StrEnum):
    """Of what a role sees a part."""

    CLIENTS = "clients"
    DEALS = "deals"
    ACTIVITIES = "activities"
    TEXTS = "texts"


class Scope(StrEnum):
    """Whose things a role sees."""

    NONE = "none"
    OWN = "own"
    TEAM = "team"
    BRANCH = "branch"
    ALL = "all"


class EditedKind(StrEnum):
    """What commands edit, as far as it can be granted to a role; each is of one kind or of none."""

    CLIENTS = "clients"
    PERSONAL = "personal"
    OWNERSHIP = "ownership"
    DEALS = "deals"
    ACTIVITIES = "activities"
    NOTES = "notes"


class Extent(StrEnum):
    """Which commands of a kind a role may ask for: none, those that each names it for, or all."""

    NONE = "none"
    USUAL = "usual"
    ALL = "all"


class Channel(StrEnum):
    CALL = "call"
    MEETING = "meeting"
    EMAIL = "email"
    LETTER = "letter"
    FAX = "fax"
    CHAT = "chat"
    MESSENGER = "messenger"
    VISIT = "visit"
    WEB = "web"
    POINT_OF_SALE = "point_of_sale"
    ORDER = "order"
    COMPLAINT = "complaint"
    TASK = "task"


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStatus(StrEnum):
    """The one click after an incoming call."""

    TAKEN_TO_WORK = "taken_to_work"
    FINISHED = "finished"
    MISDIAL = "misdial"


class Stage(Value):
    """A step of a pipeline; probability is the whole per cent by which forecasts weigh a deal in it."""

    code: Code
    name: OpenShortText
    probability: Annotated[int, Field(ge=0, le=100)] = 0
