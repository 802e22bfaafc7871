"""What the console says: every word in both languages, with every plural, and each one said somewhere."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from aggregates.client_merge import ClientIsMergedError
from aggregates.entry import EntryIsUsedError
from app.operations.bodies import OPERATIONS as BODIES
from app.words.messages import LABELS
from commands.errors import DuplicateClientError
from commands.importing import problems
from commands.importing.before import LIFECYCLE, NAME, OWNER, TAX_ID
from commands.importing.revert import ENTRIES
from commands.importing.reverted import ENTRY, SAID_SINCE, UPDATE
from commands.importing.targets import FIELDS
from commands.policies import POLICIES, TIMERS
from commands.registry import COMMANDS
from infra.projector.generations import State
from infra.told import worded
from projections.parties.client_timeline import TOLD
from projections.registry import PROJECTIONS
from read_api.client_merge import Hindrance
from read_api.console.drawing import HERE
from read_api.console.forms import label_of
from read_api.console.mapping_form import OF_THE_ROW
from read_api.console.pages import PAGES
from read_api.console.pages.company import TABS, WHO
from read_api.console.pages.duplicates import LEVELS
from read_api.console.pages.imports import COUNTS, TARGETS
from read_api.console.pages.sql import EXAMPLES, GROUPS
from read_api.console.pages.status import PARTS, WORST
from read_api.console.past import LENSES, MEMBERS
from read_api.console.verbs import OPERATIONS, VERBS
from read_api.console.words import LANGUAGES, Words, own_words
from read_api.import_told import ImportState
from replay.rebuilding.progress import ENDED, Phase
from replay.rebuilding.rebuild import Check
from replay.repair.jobs import IMPORT, REVERT_IMPORT

OWN = own_words()
OF_NO_REBUILD = ("loading", "lost", "paused", "reading", "importing", "reverting", "merging")
"""Phases that are told of what is no rebuild, or is not at work."""

STAYING = (SAID_SINCE, EntryIsUsedError.code, ClientIsMergedError.code, DuplicateClientError.code)
"""Why something stays after a revert, as far as it is common."""

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def words(language: str, zone: str = "Europe/Moscow") -> Words:
    return Words(language, ZoneInfo(zone), OWN, LABELS, NOW)


def every() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every sentence, each with its name."""
    yield from ((f"{page}.{word}", told) for page, said in OWN.items() for word, told in said.items())


def facts_in(told: Any) -> set[str]:
    """Return what a sentence names, whichever its plural."""
    sentences = told.values() if isinstance(told, dict) else [told]
    return {fact for sentence in sentences for fact in re.findall(r"\{(\w+)\}", sentence)}


def test_every_word_is_there_in_both_languages_and_names_the_same() -> None:
    assert {name for name, told in every() if set(told) != set(LANGUAGES)} == set()
    assert {name for name, told in every() if facts_in(told["en"]) != facts_in(told["ru"])} == set()
    assert {name for name, told in every() if isinstance(told["en"], dict) != isinstance(told["ru"], dict)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_has_a_plural_has_every_one_that_the_language_has(language: str) -> None:
    needed = {"other", *Locale(language).plural_form.rules}
    wrong = {name: set(told[language]) for name, told in every() if isinstance(told[language], dict)}
    assert wrong
    assert {name: found for name, found in wrong.items() if found != needed} == {}


def test_every_word_that_is_said_is_there_and_no_other() -> None:
    texts = [path.read_text("utf-8") for path in HERE.rglob("*") if path.suffix in {".html", ".py"}]
    said = {name for text in texts for name in re.findall(r"""["']([a-z_]+\.[A-Za-z_.\-]+)["']""", text)}
    # Of what is put together from a part that the API has, the parts.
    put_together = {
        *(f"verb.{name}" for name in VERBS),
        *(f"fact.{kind.TOPIC}" for kind in TOLD),
        *(f"operation.{name}" for name in OPERATIONS),
        *(f"job.{name}" for name in (*BODIES, IMPORT, REVERT_IMPORT)),
        *(f"phase.{phase}" for phase in {*get_args(Phase), *OF_NO_REBUILD} - ENDED),
        *(f"view_state.{state}" for state in get_args(State)),
        *(f"projections.check_{check}" for check in get_args(Check)),
        *(f"menu.{page.name}" for page in PAGES if page.name),
        *(f"member.{name}" for name in MEMBERS),
        *(f"past.{lens}{end}" for lens in LENSES for end in ("", "_as_of")),
        *(f"duplicates.{level}" for level in LEVELS),
        *(f"import_state.{state}" for state in get_args(ImportState)),
        *(f"import_target.{target}" for target in TARGETS),
        *(f"import_count.{name}" for name in COUNTS),
        *(f"import_thing.{noun}" for noun in ENTRIES),
        *(f"import_what.{what}" for what in (ENTRY, UPDATE, NAME, TAX_ID, OWNER, LIFECYCLE)),
        *(f"import_stays.{code}" for code in STAYING),
        *(f"import_field.{field}" for field in {*OF_THE_ROW}.union(*FIELDS.values())),
        *(f"import_reason.{code}" for code in worded(Path(problems.__file__).with_name("messages.toml"))),
        *(f"imports.{way}" for way in ("as_file", "dmy", "mdy", "comma", "point", "refuse", "keep")),
        *("past.earlier", "past.later", "board.won", "board.lost"),
        *(f"sql.example_{name}" for name in EXAMPLES),
        *(f"sql.tables_{name or 'ready'}" for name in GROUPS),
        *(f"company.{tab}" for tab, _ in TABS),
        *(f"company.who_{who or 'here'}" for who in WHO),
        *(f"company.{what}{end}" for what in ("clients", "deals", "activities") for end in ("", "_count")),
        *(f"company.{start}{kind}" for kind in ("team", "branch") for start in ("", "no_", "any_")),
        *(f"company.{start}{part}" for part in ("scopes", "editing") for start in ("rights_", "about_")),
        *(f"status.state_{state}" for state in (*WORST, "failed", "skipped")),
        *(f"status.all_{state}" for state in WORST),
        *(f"status.part_{part}" for part in PARTS),
        *(f"status.in_{span}" for span in ("minute", "hour", "day")),
        *(f"status.{end}_{state}" for state in ("damaged", "of_another_key") for end in ("last", "backup")),
        *(f"status.{line}" for line in ("log", "views", "reports", "policies", "clock", "disk", "backups", "streams")),
        *(f"policy.{policy.name}" for policy in POLICIES),
        *(f"policy.{timer.name}" for timer in TIMERS),
        *(f"merge.{code.replace('-', '_')}" for code in get_args(Hindrance)),
        *(f"follows.{name}" for name in VERBS if name in OWN["follows"]),
    }
    known = {name for name, _ in every()}
    said = {name for name in said if name.partition(".")[0] in OWN and not name.endswith((".css", ".html", "_", "."))}
    assert said - known == set()
    assert put_together - known == set()
    by_part = (
        "fact.call.",
        "import_reason.",
        "clients.whose_",
        "field.",
        "reminder.",
        "actor.",
        "stored.",
        "question.",
        "none.",
        "view.",
    )
    assert {name for name in known - said - put_together if not name.startswith(by_part)} == set()


WITHOUT_A_FORM = {
    "correct-activity",
    "bind-portal-login",
    "release-portal-login",
    # Who keeps the catalogue does so from a program, until it has a page.
    "adopt-tax-rate",
    "describe-product",
    "open-price-book",
    "publish-price-book",
    "close-price-book",
    "list-price",
    "list-prices",
    "move-price-border",
    "withdraw-price",
    "succeed-product",
    # Their secrets are made, and shown, where Letopis runs.
    "issue-api-key",
    "rotate-api-key",
}
"""What people ask of the API alone."""


def test_whatever_people_may_ask_for_has_a_form() -> None:
    by_people = {
        name
        for name, command in COMMANDS.items()
        if "policy" not in command.ROLES and "import" not in command.ROLES and name not in WITHOUT_A_FORM
    }
    assert by_people - VERBS.keys() == set()


def test_every_form_is_of_a_command_and_every_field_of_it_has_a_name() -> None:
    assert VERBS.keys() <= COMMANDS.keys()
    for name, verb in VERBS.items():
        fields = COMMANDS[name].model_fields
        assert {path.partition(".")[0] for path in (*verb.fields, *verb.given)} <= fields.keys(), name
        assert {verb.called.get(path, label_of(path)) for path in verb.fields} <= OWN["field"].keys(), name
        # htmx asks an element for its form: a field of that name would be the answer.
        assert "form" not in fields, name


def test_every_operation_with_a_form_is_one_and_every_field_of_it_has_a_name() -> None:
    assert BODIES.keys() - OPERATIONS.keys() == {"backup"}
    for name, verb in OPERATIONS.items():
        assert {*verb.fields, *verb.given} <= BODIES[name].model_fields.keys(), name
        assert set(verb.fields) <= OWN["field"].keys(), name


def test_what_a_read_model_is_called_is_of_one_that_there_is() -> None:
    assert OWN["view"].keys() <= {"analytics", *(one.name for one in PROJECTIONS)}


def test_sizes_and_durations_are_told_as_the_language_has_them() -> None:
    ru, en = words("ru"), words("en")
    assert [en.size(each) for each in (8192, 3 * 2**19, 5 * 2**30)] == ["8 kB", "1.5 MB", "5 GB"]
    assert (ru.size(3 * 2**19), en.size(0)) == ("1,5 МБ", "0 kB")
    assert [en.duration(each) for each in (0.1, 45, 130)] == ["1 sec", "45 secs", "2 mins"]
    assert ru.duration(130) == "2 мин"


def test_numbers_money_and_days_are_told_as_the_language_has_them() -> None:
    ru, en = words("ru"), words("en")
    assert [ru("card.touches", n=n) for n in (1, 3, 5, 1200)] == [
        "1 касание",
        "3 касания",
        "5 касаний",
        "1\xa0200 касаний",
    ]
    assert (en("card.touches", n=1), en("card.touches", n=2)) == ("1 touch", "2 touches")
    assert (ru.money("480000.00", "RUB"), ru.money("0.50", "EUR")) == ("480\xa0000\xa0₽", "0,50\xa0€")
    assert (en.money("480000", "RUB"), en.money("12.50", "EUR")) == ("RUB\xa0480,000", "€12.50")
    assert (ru.day("2026-06-30"), en.day("2011-03-27")) == ("30 июня", "27 March 2011")
    assert (ru.long_day("2026-07-01"), ru.long_day("2026-06-30")) == ("Сегодня, 1 июля", "Вчера, 30 июня")


def test_a_day_is_the_company_s_by_the_clocks_of_that_day() -> None:
    moscow = words("en")
    # UTC+3, +4 from 27 March 2011, +3 again from 26 October 2014.
    assert [moscow.moment(f"{day}T20:30:00+00:00") for day in ("2010-12-31", "2012-12-31", "2025-12-31")] == [
        "31 December 2010, 23:30",
        "1 January 2013, 00:30",
        "31 December 2025, 23:30",
    ]


def test_no_template_has_words_of_its_own() -> None:
    for path in (HERE / "templates").glob("*.html"):
        # A name of a width, and attributes that several elements have, are no words.
        text = re.sub(r"\{% block width %\}\w+", "", path.read_text("utf-8"))
        text = re.sub(r"\{% set common %\}.*?\{% endset %\}", "", text)
        text = re.sub(r"\{[%#].*?[%#]\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", text)
        own = set(re.findall(r"[^\W\d_]{2,}", text)) - {"Alt", "Esc", "Ctrl", "Enter", "English", "Русский", "null"}
        assert own == set(), path.name


def test_files_of_templates_are_all_used() -> None:
    texts = "".join(path.read_text("utf-8") for path in Path(HERE).rglob("*") if path.suffix in {".html", ".py"})
    assert {path.name for path in (HERE / "templates").glob("*.html") if f'"{path.name}"' not in texts} == set()
