"""A setting may stand in a file of its own, where nobody sees it who lists processes or their environment."""

from pathlib import Path

import pytest

from app.settings import Settings, UnreadableSecretError, misnamed

URL = "postgresql://owner:secret@db.example/letopis"
OTHER = "postgresql://owner:other@db.example/letopis"


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is configured where the tests run counts."""
    for name in ("LETOPIS_DATABASE_URL", "LETOPIS_MASTER_KEY", "LETOPIS_SECRETS_DIR", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def url() -> str | None:
    found = Settings().database_url
    return None if found is None else found.get_secret_value()


@pytest.mark.parametrize("variable", ["LETOPIS_SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
@pytest.mark.parametrize("ending", ["", "\n", " \r\n"])
def test_a_file_has_its_setting_whatever_an_editor_put_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, ending: str
) -> None:
    (tmp_path / "letopis_database_url").write_text(URL + ending)
    (tmp_path / "LETOPIS_MASTER_KEY").write_text("ab" * 32 + ending)
    monkeypatch.setenv(variable, str(tmp_path))
    assert url() == URL
    key = Settings().master_key
    assert key is not None
    assert key.get_secret_value() == "ab" * 32


def test_a_variable_counts_more_than_a_file_and_dotenv_may_name_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "letopis_database_url").write_text(URL)
    Path(".env").write_text(f"LETOPIS_SECRETS_DIR={tmp_path}\n")
    assert url() == URL
    monkeypatch.setenv("LETOPIS_DATABASE_URL", OTHER)
    assert url() == OTHER


def test_links_as_an_orchestrator_makes_them_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = tmp_path / "mounted"
    (mounted / "..2026_11_29").mkdir(parents=True)
    (mounted / "..2026_11_29" / "letopis_database_url").write_text(URL)
    (mounted / "..data").symlink_to("..2026_11_29")
    (mounted / "letopis_database_url").symlink_to("..data/letopis_database_url")
    monkeypatch.setenv("LETOPIS_SECRETS_DIR", str(mounted))
    assert url() == URL


def test_a_file_of_another_name_is_told_and_those_of_others_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("letopis_database_ur", "postgres_password", "letopis_zone"):
        (tmp_path / name).write_text("UTC")
    monkeypatch.setenv("LETOPIS_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv("LETOPIS_DATA", raising=False)
    told = misnamed()
    assert [each for each in told if "DATABASE_UR " in each] == [
        "LETOPIS_DATABASE_UR is no setting and is not read. Did you mean LETOPIS_DATABASE_URL?"
    ]
    assert not [each for each in told if "POSTGRES" in each or "ZONE" in each]


def test_a_folder_that_is_not_there_and_a_file_that_is_no_text_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LETOPIS_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="nowhere is no folder"):
        Settings()
    (tmp_path / "letopis_master_key").write_bytes(b"\xff\xfe planted")
    monkeypatch.setenv("LETOPIS_SECRETS_DIR", str(tmp_path))
    with pytest.raises(UnreadableSecretError, match="it is no text") as told:
        Settings()
    assert "planted" not in str(told.value)


@pytest.mark.parametrize(
    "given",
    ["postgresql://o:a%zz@h/d", "postgresql://o:a/b@h/d", "postgresql://o:1/2@h/d", "postgresql://o:a@b@h/d",
     "postgresql://o:ab@h/d?pasword=x", "mysql://o:ab@h/d"],
)  # fmt: skip
def test_a_url_that_means_something_else_than_its_writer_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv("LETOPIS_DATABASE_URL", given)
    with pytest.raises(ValueError, match=r"percent-encoded|must be a URL"):
        Settings()


@pytest.mark.parametrize(
    "given",
    ["postgresql://o:a%2Fb%40c%25@h:5432/d?sslmode=verify-full&sslrootcert=/etc/ca.pem", "postgres://o@%2Frun%2Fpg/d",
     "postgresql://o:a@h1:1,h2:2/d", "postgresql:///d?host=/run/pg", "postgresql://o:a@[::1]:5432/d"],
)  # fmt: skip
def test_every_url_that_postgresql_reads_is_taken(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("LETOPIS_DATABASE_URL", given)
    assert url() == given
