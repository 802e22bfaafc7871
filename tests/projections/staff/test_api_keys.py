"""API keys as they are read: what each names, and until when."""

from events.api_key import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated
from events.examples import DAY, LATER, QUARTER, SHOP_KEY
from projections.staff.api_keys import ApiKeyRow, api_keys
from tests.examples import fact
from tests.story import given, moment, on

ISSUED = ApiKeyRow(
    SHOP_KEY,
    "Web shop",
    ["register-client", "record-activity"],
    ["list_products"],
    issued_at=moment(1),
    issued_by="story",
    expires_at=DAY + QUARTER,
    version=1,
)


def test_a_key_is_shown_with_what_it_names_and_until_when() -> None:
    given(on(SHOP_KEY, fact(ApiKeyIssued))).shows(api_keys, ISSUED)


def test_a_rotated_key_has_the_end_of_each_secret() -> None:
    rotated = ISSUED._replace(rotated_at=moment(2), old_good_until=LATER, expires_at=LATER + QUARTER, version=2)
    given(on(SHOP_KEY, fact(ApiKeyIssued), fact(ApiKeyRotated))).shows(api_keys, rotated)


def test_a_secret_ends_no_later_because_there_is_another_one() -> None:
    short = fact(ApiKeyIssued, expires_at=DAY)
    given(on(SHOP_KEY, short, fact(ApiKeyRotated))).shows_row(api_keys, SHOP_KEY, old_good_until=DAY)


def test_a_revoked_key_says_when_and_why() -> None:
    revoked = ISSUED._replace(revoked_at=moment(2), revoked_because="it was in a screenshot", version=2)
    given(on(SHOP_KEY, fact(ApiKeyIssued), fact(ApiKeyRevoked))).shows(api_keys, revoked)
