"""API keys: what a program may be given, how its secret changes without a gap, and how a key ends."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from aggregates.api_key import (
    ApiKeyIsRevokedError,
    ApiKeyIsRotatingError,
    NotForProgramsError,
    SecretWasUsedError,
)
from aggregates.base import AlreadyExistsError, NotFoundError
from app.auth.api_keys import new_secret
from commands.api_key import IssueApiKey, RevokeApiKey, RotateApiKey
from commands.registry import COMMANDS
from events.api_key import ApiKeyIssued, ApiKeyRevoked, ApiKeyRotated
from events.examples import DIGEST, NEXT_DIGEST, SHOP_KEY
from infra.rights import RIGHTS
from tests.examples import command, fact
from tests.story import TODAY, by, given, on

DAYS, HOURS = timedelta(days=1), timedelta(hours=1)
END = TODAY + 90 * DAYS
THIRD = new_secret()[1]


ISSUED = on(SHOP_KEY, fact(ApiKeyIssued, expires_at=END))
ROTATED = on(SHOP_KEY, fact(ApiKeyRotated, expires_at=END, old_good_until=TODAY + 24 * HOURS))
REVOKED = on(SHOP_KEY, fact(ApiKeyRevoked))


def test_a_key_is_issued_once_and_names_each_thing_once() -> None:
    given().when(command(IssueApiKey)).then(ISSUED)
    twice = command(IssueApiKey, commands=("register-client", "record-activity", "register-client"), good_for_days=1)
    given().when(twice).then(on(SHOP_KEY, fact(ApiKeyIssued, expires_at=TODAY + DAYS)))
    given(ISSUED).when(command(IssueApiKey)).then_refused(AlreadyExistsError)


@pytest.mark.parametrize("name", [*COMMANDS, "no-such-command", "list_products", " Odd "])
def test_of_commands_a_key_is_given_those_of_programs_alone(name: str) -> None:
    story = given().when(command(IssueApiKey, commands=("register-client", name)))
    if name in COMMANDS and "integration" in COMMANDS[name].ROLES:
        assert len(story.recorded) == 1
    else:
        story.then_refused(NotForProgramsError, pointer="/commands", names=[name.strip()])


@pytest.mark.parametrize("name", [*RIGHTS, "no_such_question", "register-client"])
def test_of_reads_a_key_is_given_those_of_programs_alone(name: str) -> None:
    story = given().when(command(IssueApiKey, questions=("get_me", name)))
    if "integration" in RIGHTS.get(name, ()):
        assert len(story.recorded) == 1
    else:
        story.then_refused(NotForProgramsError, pointer="/questions", names=[name])


def test_no_name_is_both_a_command_and_a_read() -> None:
    assert not set(COMMANDS) & set(RIGHTS)


def test_a_key_that_may_do_nothing_is_none() -> None:
    with pytest.raises(ValidationError, match="may do nothing"):
        command(IssueApiKey, commands=(), questions=())


@pytest.mark.parametrize("days", [0, 367])
def test_a_key_is_good_for_a_day_at_least_and_a_year_at_most(days: int) -> None:
    with pytest.raises(ValidationError):
        command(IssueApiKey, good_for_days=days)


@pytest.mark.parametrize("kind", [IssueApiKey, RotateApiKey])
def test_a_secret_is_never_taken_for_its_digest(kind: type[IssueApiKey | RotateApiKey]) -> None:
    secret, digest = new_secret()
    for wrong in (secret, f"lk_{SHOP_KEY.hex}_{secret}", digest.upper(), digest[:-1], f"{digest}\n"):
        with pytest.raises(ValidationError):
            command(kind, secret_sha256=wrong)


def test_a_rotated_key_has_two_secrets_for_a_while() -> None:
    story = given(ISSUED).when(command(RotateApiKey)).then(ROTATED)
    assert story.asked is RotateApiKey
    given(ISSUED, ROTATED).when(command(RotateApiKey)).then_nothing()


def test_no_third_secret_is_good_beside_two() -> None:
    asked = command(RotateApiKey, secret_sha256=THIRD)
    given(ISSUED, ROTATED).when(asked).then_refused(
        ApiKeyIsRotatingError, api_key_id=SHOP_KEY, until="2026-06-02T12:00:00Z"
    )


def test_the_old_ones_may_end_at_once() -> None:
    asked = command(RotateApiKey, secret_sha256=THIRD, old_good_for_hours=0)
    given(ISSUED, ROTATED).when(asked).then(
        on(SHOP_KEY, fact(ApiKeyRotated, secret_sha256=THIRD, expires_at=END, old_good_until=TODAY))
    )


def test_what_has_ended_is_in_nobody_s_way_and_is_never_good_again() -> None:
    third = fact(ApiKeyRotated, secret_sha256=THIRD, expires_at=END, old_good_until=TODAY + 24 * HOURS)
    for ended in (TODAY - HOURS, TODAY):
        over = on(SHOP_KEY, fact(ApiKeyRotated, expires_at=END, old_good_until=ended))
        given(ISSUED, over).when(command(RotateApiKey, secret_sha256=THIRD)).then(on(SHOP_KEY, third))
        given(ISSUED, over).when(command(RotateApiKey, secret_sha256=DIGEST)).then_refused(
            SecretWasUsedError, api_key_id=SHOP_KEY
        )


def test_when_it_is_said_to_have_happened_changes_nothing_of_what_is_good() -> None:
    long_ago = TODAY - 300 * DAYS
    asked = command(RotateApiKey, secret_sha256=THIRD, occurred_at=long_ago)
    given(ISSUED, ROTATED).when(asked).then_refused(ApiKeyIsRotatingError)
    given().when(command(IssueApiKey, occurred_at=long_ago)).then(ISSUED)


def test_a_key_that_has_expired_may_be_given_another_secret() -> None:
    expired = on(SHOP_KEY, fact(ApiKeyIssued, expires_at=TODAY - DAYS))
    given(expired).when(command(RotateApiKey)).then(ROTATED)


def test_a_key_is_revoked_once_and_for_ever() -> None:
    given(ISSUED).when(command(RevokeApiKey)).then(REVOKED)
    given(ISSUED, REVOKED).when(command(RevokeApiKey)).then_nothing()
    given(ISSUED, REVOKED).when(command(RotateApiKey)).then_refused(
        ApiKeyIsRevokedError, api_key_id=SHOP_KEY, name="Web shop"
    )


@pytest.mark.parametrize("kind", [RotateApiKey, RevokeApiKey])
def test_a_key_that_is_not_there_is_not_changed(kind: type[RotateApiKey | RevokeApiKey]) -> None:
    given().when(command(kind)).then_refused(NotFoundError, kind="api_key")


@pytest.mark.parametrize("kind", [IssueApiKey, RotateApiKey, RevokeApiKey])
def test_keys_are_an_administrator_s(kind: type[IssueApiKey | RotateApiKey | RevokeApiKey]) -> None:
    assert frozenset({"admin"}) == kind.ROLES


def test_the_second_secret_is_of_another_digest() -> None:
    story = given(ISSUED).when(command(RotateApiKey), by("admin"))
    assert [event.secret_sha256 for event in story.recorded if isinstance(event, ApiKeyRotated)] == [NEXT_DIGEST]
