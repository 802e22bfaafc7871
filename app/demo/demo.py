"""`letopis demo`: the whole story on a throw-away database, each step checked; it is true or it says what was not."""

import signal
import time
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from app.demo.place import Place, PlaceError, throw_away_place
from app.demo.story import STEPS, NotTrueError, Step, Story

WORDS = tomllib.loads(Path(__file__).with_name("demo.toml").read_text(encoding="utf-8"))

Say = Callable[[str], None]


def tell(language: str, say: Say) -> bool:
    """Tell the story in `en` or `ru` and return whether every step of it was true."""
    words = WORDS["words"][language]
    began = time.monotonic()
    say(words["begin"])
    # Being asked to end is no reason to leave a database server behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with throw_away_place(language) as place:
            if not tell_at(place, language, say):
                return False
            facts = Story(place, WORDS["names"][language]).count_facts()
        say("\n" + words["end"].format(steps=len(STEPS), facts=facts, seconds=round(time.monotonic() - began)))
    except PlaceError as error:
        say(str(error))
        return False
    finally:
        signal.signal(signal.SIGTERM, before)
    return True


def tell_at(place: Place, language: str, say: Say, steps: Mapping[str, Step] = STEPS) -> bool:
    """Tell the story at a running place, up to the first step that is not true."""
    words = WORDS["words"][language]
    story = Story(place, WORDS["names"][language])
    say(words["ready"].format(address=place.address))
    for number, (code, step) in enumerate(steps.items(), 1):
        told = WORDS["steps"][code][language]
        say(f"\n{number}. {told['title'].format_map(story.known)}")
        try:
            step(story)
        except NotTrueError as error:
            say(f"   ✗ {words['failed'].format(number=number)} {error.what}")
            say(f"     {words['expected']}: {error.expected}\n     {words['seen']}: {error.seen}")
            say(f"     {words['unfinished']}")
            return False
        say(f"   ✓ {told['told'].format_map(story.known)}")
    return True
