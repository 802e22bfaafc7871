"""With which key a program comes in: what is let in, what is refused alike, and how often the database is asked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from app.auth.api_keys import STRANGERS_PER_SECOND, ApiKeys, Key, key_of, new_secret
from app.auth.errors import KeyEndedError, KeyUnknownError, TokenInvalidError, TooManyKeysError
from app.auth.people import KNOWN_SECONDS
from app.auth.tokens import authenticator
from app.settings import Settings
from commands.base import Actor
from tests.strangers import STRANGERS

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SHOP, SHOP_ID = (
    Actor("key:shop", "integration", only=frozenset({"get_me"})),
    UUID("31b5759f-87e2-4a36-add5-70b7225b22b8"),
)
SECRET, OLD, FORMER = (f"{name}-0123456789012345678901234567890123456789"[:43] for name in ("new", "old", "former"))
GOOD = key_of(SHOP_ID, SECRET)


def digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


class Log:
    """What the log says of a key, how often it was asked, and a clock that is moved by hand."""

    def __init__(self) -> None:
        later, earlier = NOON + timedelta(minutes=1), NOON - timedelta(days=1)
        self.keys = {SHOP_ID: Key(SHOP, {digest(FORMER): earlier, digest(OLD): NOON, digest(SECRET): later})}
        self.asked: list[UUID] = []
        self.used: list[UUID] = []
        self.seconds = 0.0

    async def __call__(self, key_id: UUID) -> Key | None:
        self.asked.append(key_id)
        await asyncio.sleep(0)
        return self.keys.get(key_id)


Story = Callable[[Log, ApiKeys], Awaitable[None]]


def told(story: Story) -> Log:
    log = Log()

    async def run() -> None:
        now = lambda: NOON - timedelta(seconds=1) + timedelta(seconds=log.seconds)  # noqa: E731
        await story(log, ApiKeys(log, log.used.append, lambda: log.seconds, now))

    asyncio.run(run())
    return log


async def refusal(door: ApiKeys, text: str) -> type[Exception]:
    with pytest.raises((KeyUnknownError, KeyEndedError, TooManyKeysError)) as refused:
        await door.holder(text)
    return refused.type


def test_who_brings_a_secret_of_the_key_comes_in_and_is_asked_about_once_a_second() -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        both = [key_of(SHOP_ID, secret) for secret in (SECRET, OLD)]
        assert {*await asyncio.gather(*(door.holder(text) for text in both * 50))} == {SHOP}
        log.seconds = KNOWN_SECONDS * 0.99
        assert await door.holder(GOOD) == SHOP
        assert log.asked == [SHOP_ID] * 2
        assert len(log.used) == 101

    told(story)


def test_a_key_ends_by_the_clock_at_each_use_however_lately_it_was_asked_about() -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        log.seconds = 0.5
        await door.holder(key_of(SHOP_ID, OLD))
        log.seconds = 1.0
        assert await refusal(door, key_of(SHOP_ID, OLD)) is KeyEndedError
        assert await refusal(door, key_of(SHOP_ID, FORMER)) is KeyEndedError
        assert await door.holder(GOOD) == SHOP
        log.seconds = 61.0
        assert await refusal(door, GOOD) is KeyEndedError

    told(story)


def test_another_secret_is_good_as_soon_as_it_is_on_record_and_so_is_the_one_before() -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        await door.holder(GOOD)
        new = new_secret()[0]
        log.keys[SHOP_ID] = Key(SHOP, {**log.keys[SHOP_ID].secrets, digest(new): NOON + timedelta(days=1)})
        assert [await door.holder(text) for text in (key_of(SHOP_ID, new), GOOD)] == [SHOP, SHOP]

    told(story)


def test_a_revoked_key_lets_nobody_in_after_a_second() -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        await door.holder(GOOD)
        log.keys[SHOP_ID] = Key(SHOP, {digest(SECRET): datetime.min.replace(tzinfo=UTC)})
        log.seconds = KNOWN_SECONDS
        assert await refusal(door, GOOD) is KeyEndedError

    told(story)


@pytest.mark.parametrize(
    "text",
    [
        key_of(SHOP_ID, OLD[:-1]),
        GOOD + "x",
        GOOD + "\n",
        GOOD.upper(),
        GOOD.replace("_", "-", 1),
        f"lk_{SHOP_ID}_{SECRET}",
        f"lk_{SHOP_ID.hex}_{digest(SECRET).hex()}",
        f"lk_{SHOP_ID.hex}_",
        "lk_",
        f"lk_{SHOP_ID.hex}_{'й' * 43}",
    ],
)
def test_what_cannot_be_a_key_is_refused_unlooked_at(text: str) -> None:
    async def story(_: Log, door: ApiKeys) -> None:
        assert await refusal(door, text) is KeyUnknownError
        assert door.known(text) is None

    assert told(story).asked == []


@pytest.mark.parametrize("secret", ["_" * 43, "-" * 43, "_lk_" + SECRET[:39]])
def test_whatever_characters_a_secret_is_made_of_it_is_read_whole(secret: str) -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        log.keys[SHOP_ID] = Key(SHOP, {digest(secret): NOON + timedelta(days=1)})
        assert await door.holder(key_of(SHOP_ID, secret)) == SHOP

    told(story)


def test_a_wrong_secret_is_refused_as_an_unknown_id_is() -> None:
    async def story(_: Log, door: ApiKeys) -> None:
        for text in (key_of(SHOP_ID, new_secret()[0]), key_of(uuid4(), SECRET)):
            with pytest.raises(KeyUnknownError) as refused:
                await door.holder(text)
            assert refused.value.facts == {}

    assert told(story).used == []


@pytest.mark.parametrize("is_of_the_key", [True, False])
def test_a_crowd_that_tries_keys_asks_the_database_so_often_and_no_more(is_of_the_key: bool) -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        for second in range(3):
            log.seconds = float(second)
            tried = [key_of(SHOP_ID if is_of_the_key else uuid4(), new_secret()[0]) for _ in range(1_000)]
            refusals = [await refusal(door, text) for text in tried]
            assert refusals.count(KeyUnknownError) == STRANGERS_PER_SECOND
            assert refusals.count(TooManyKeysError) == 1_000 - STRANGERS_PER_SECOND
            # What was not good a moment ago is not looked for again.
            assert await refusal(door, tried[0]) is KeyUnknownError

    assert len(told(story).asked) == 3 * STRANGERS_PER_SECOND


def test_a_program_that_tries_its_old_mistake_for_ever_keeps_nobody_out() -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        mistake = key_of(SHOP_ID, new_secret()[0])
        assert {await refusal(door, mistake) for _ in range(1_000)} == {KeyUnknownError}
        assert await door.holder(GOOD) == SHOP

    assert told(story).asked == [SHOP_ID] * 2


def test_who_has_come_in_before_comes_in_whatever_strangers_try() -> None:
    async def story(log: Log, door: ApiKeys) -> None:
        await door.holder(GOOD)
        for second in range(1, 4):
            log.seconds = float(second)
            for _ in range(2 * STRANGERS_PER_SECOND):
                await refusal(door, key_of(uuid4(), SECRET))
            assert await door.holder(GOOD) == SHOP

    told(story)


def test_the_log_names_who_came_in_and_nobody_else() -> None:
    async def story(_: Log, door: ApiKeys) -> None:
        assert door.known(GOOD) is None
        await door.holder(GOOD)
        assert door.known(GOOD) == SHOP
        assert door.known(key_of(SHOP_ID, new_secret()[0])) is None

    told(story)


def test_the_door_for_tokens_takes_keys_and_tells_the_log_whose(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var", _env_file=None)

    async def story(log: Log, keys: ApiKeys) -> None:
        door = authenticator(settings, STRANGERS, api_keys=keys)
        assert await door.authenticate([f"Bearer {GOOD}"]) == SHOP
        assert door.remembered(f"Bearer {GOOD}") == "key:shop"
        assert door.remembered(f"Bearer {key_of(SHOP_ID, FORMER[::-1])}") is None
        with pytest.raises(TokenInvalidError):
            await door.authenticate([f"Bearer {GOOD}"] * 2)
        with pytest.raises(TokenInvalidError):
            await authenticator(settings, STRANGERS).authenticate([f"Bearer {GOOD}"])
        # Neither is kept, as a token is that was checked.
        assert SECRET not in repr(vars(door)) + repr(vars(keys))
        assert log.asked == [SHOP_ID]

    told(story)


def test_a_secret_has_256_bits_and_is_written_as_no_digest_is() -> None:
    made = [new_secret() for _ in range(100)]
    assert len({secret for secret, _ in made}) == 100
    assert {len(secret) for secret, _ in made} == {43}
    assert all(sha256(secret.encode()).hexdigest() == told for secret, told in made)
