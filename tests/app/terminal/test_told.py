"""At the command line a known failure is a sentence and exit code 1; a bug shows itself as one."""

import psycopg
import pytest
from pydantic import TypeAdapter, ValidationError

from app.settings import Settings
from app.terminal import cli
from infra.log.crypto import WrongMasterKeyError
from infra.told import ToldError


@pytest.fixture(autouse=True)
def no_logs_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command line configures would outlive the test, with a standard error that is closed by then."""
    monkeypatch.setattr("app.logs.configure_logs", lambda **_: None)


def test_an_error_for_people_is_told_in_its_own_words() -> None:
    assert cli.told(ToldError("The port is taken.")) == "The port is taken."
    assert cli.told(WrongMasterKeyError("another key")) == "another key"


def test_a_wrong_setting_is_named_but_no_other_value_that_was_refused() -> None:
    with pytest.raises(ValidationError) as setting:
        Settings(port=70_000)
    assert "LETOPIS_PORT" in (cli.told(setting.value) or "")
    with pytest.raises(ValidationError) as stored:
        TypeAdapter(int).validate_python("x")
    assert cli.told(stored.value) is None


def test_a_server_out_of_reach_is_told_with_what_to_look_at() -> None:
    assert "LETOPIS_DATABASE_URL" in (cli.told(psycopg.OperationalError("no route")) or "")


@pytest.mark.parametrize("bug", [ValueError("x"), KeyError("x"), RuntimeError("x"), psycopg.ProgrammingError("x")])
def test_a_bug_is_not_told_but_raised(bug: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise bug

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(type(bug)):
        cli.main()


def test_what_is_told_ends_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise ToldError("The port is taken.")

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert "letopis: The port is taken." in capsys.readouterr().err
