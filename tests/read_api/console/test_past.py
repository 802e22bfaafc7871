"""The past in the console's addresses."""

from html import unescape

from jinja2 import Environment, FileSystemLoader

from read_api.console import drawing
from read_api.console.assets import address_of
from tests.read_api.console.test_words import words
from tests.system.visitors import query_of


def test_the_story_goes_on_at_the_moment_that_is_looked_at() -> None:
    templates = Environment(loader=FileSystemLoader(drawing.HERE / "templates"), autoescape=True)
    templates.globals["asset"] = address_of
    story_of = templates.get_template("story_parts.html").module.story_of  # type: ignore[attr-defined]
    there = {"by": "occurred", "as_of": "2026-03-03T11:05:00Z"}
    for as_of, told in (("occurred:2026-03-03T11:05:00Z", there), (None, {})):
        drawn = story_of(words("en"), "nonce", {"days": [], "next": "further"}, "ID", as_of)
        address = unescape(str(drawn).partition('href="')[2].partition('"')[0])
        assert query_of(address) == {"cursor": "further", **told}
