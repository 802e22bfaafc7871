"""What can be configured of a running Letopis, each by a variable `LETOPIS_…`, in `.env` or in a file of its own."""

import os
import re
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, StringConstraints, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from aggregates.identity import HOME, Home
from aggregates.phone_number import AreaCode, Region
from infra.postgres.connection import is_read_whole
from infra.told import ToldError

Role = Literal["all", "api", "projections", "analytics", "console"]

SECRET_BYTES = 32
"""A key of HS256 is as long as what it makes (RFC 7518, 3.2): a shorter one is found from one token."""

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""The variable by which systemd says where a unit's credentials are (LoadCredential, SetCredentialEncrypted)."""


class UnreadableSecretError(ToldError):
    """A file of secrets cannot be read; says which and why."""


LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The addresses at which only this machine itself is asked, or answers."""


def is_safe(address: str) -> bool:
    """Tell whether nobody between can change what is answered at an address: https, or this machine itself."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


class Settings(BaseSettings):
    """All settings with their defaults; nothing has to be set on a developer's machine.

    `database_url` empty means the embedded PostgreSQL under `var`. Without `oidc_issuer`, `jwt_public_keys` and
    `jwt_secret`, tokens are signed and checked with a key made on the first start in `var`, if `dev_tokens` allows it.
    """

    model_config = SettingsConfigDict(env_prefix="LETOPIS_", env_file=".env", extra="ignore", frozen=True)

    # A folder of files, each named as a variable (`letopis_master_key`) and with its value; whose name is given as a
    # variable too has that. The folder of systemd's credentials is looked into as well.
    secrets_dir: Path | None = None
    # The owner's URL of a real PostgreSQL; it may create roles. The service itself connects as lesser roles.
    database_url: SecretStr | None = None
    # The login roles of this installation are named <prefix>_writer, <prefix>_projector and <prefix>_reader.
    role_prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")] = "letopis"
    # 64 hexadecimal digits; without it the key is kept in `var` (make a backup of it: without it nobody reads names).
    master_key: SecretStr | None = None
    var: Path = Path("var")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    role: Role = "all"
    # Processes that answer requests on the port; each has one interpreter's worth of work in it.
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    zone: str = "Europe/Moscow"
    # Whose phone numbers need no country code (ISO 3166), and of which city those without a city code are.
    phone_region: Region = HOME.region
    area_code: AreaCode | None = HOME.area_code
    # A PEM file with public keys, or a JWKS document; and a shared secret for HS256.
    jwt_public_keys: Path | None = None
    jwt_secret: SecretStr | None = None
    # The address of an identity provider (OpenID Connect), its tokens' `iss`; it is asked there for its keys.
    oidc_issuer: str | None = None
    # Under which name the console is registered there, `jwt_audience` unless said, and its secret, if it has one.
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    # Whether tokens of the development key are let in, which lies in `var`: whoever reads that folder is who they like
    # to be. Not given: where the database is the embedded one and `host` is of this machine alone, and nowhere else.
    dev_tokens: bool | None = None
    jwt_issuer: str | None = "letopis"
    jwt_audience: str | None = "letopis"
    # Browsers of other origins are let in only when their origin is listed, separated by commas.
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    # A command is about a kilobyte; a thousand of them in one batch fit.
    body_limit_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    # Beyond so many waiting commands a caller does better to come back than to wait.
    queue_size: Annotated[int, Field(ge=1)] = 10_000
    # After so many seconds whoever sent a command has an answer, whatever the database does.
    command_seconds: Annotated[float, Field(gt=0, le=300)] = 30.0
    # How long the database may work on one question; half as long a caller waits for a connection.
    read_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0
    # How many commands one actor may send a second to this service, and at once after a rest; 0: as many as they like.
    commands_per_second: Annotated[float, Field(ge=0)] = 500
    commands_burst: Annotated[int, Field(ge=1)] = 1_000
    # The same of questions; and of those by a phone, an e-mail or a tax number in a minute.
    reads_per_second: Annotated[float, Field(ge=0)] = 500
    reads_burst: Annotated[int, Field(ge=1)] = 2_000
    searches_per_minute: Annotated[int, Field(ge=0)] = 300
    # Connections of the read side in one process.
    read_connections: Annotated[int, Field(ge=1, le=100)] = 8
    # How many may follow the events of one process at once as a stream.
    event_streams: Annotated[int, Field(ge=0, le=10_000)] = 100
    # How many may follow, in one process at once, what changes for themselves.
    change_streams: Annotated[int, Field(ge=0, le=10_000)] = 1_000
    # How long an answer as of a past moment may take: a whole board is folded from every fact about deals.
    as_of_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    # How long a question in SQL may take, how many rows its answer has, and how much memory it gets: each at most.
    sql_seconds: Annotated[float, Field(gt=0, le=50)] = 5.0
    sql_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    sql_memory_mb: Annotated[int, Field(ge=64, le=1_000_000)] = 512
    # How many may ask in SQL at once: each has a process, and a core, of its own.
    sql_at_once: Annotated[int, Field(ge=1, le=100)] = 2
    # How much memory the database gets that scores pairs of clients, in a process of its own that takes 1 GB beside it.
    duplicates_memory_mb: Annotated[int, Field(ge=256, le=1_000_000)] = 2_500
    # How long a read waits for the view to reach `min_position`.
    min_position_timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    # For how many days it is on record who looked at which client.
    access_record_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    # /ready answers 503 when a view is further behind than this.
    ready_lag_seconds: Annotated[float, Field(gt=0)] = 30.0
    analytics_url: str | None = None
    # Where the API is that a console of the role `console` asks.
    console_api: str | None = None
    # After a rebuild what readers saw before follows the log, so that there is a way back at once: a second fold of
    # every event. For at most so many hours; 0: it never does; not given: until it is dropped.
    keep_retired_hours: Annotated[float, Field(ge=0, le=24 * 366)] | None = None
    # Megabytes of a file sent to be imported, at most; days that the rows not taken are kept.
    import_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    import_errors_days: Annotated[int, Field(ge=1, le=3650)] = 30
    # Megabytes of a file of a client, at most; the folder of those files (not given: `files` in `var`), which all
    # machines share that take them; days that the bytes of one are kept that was removed.
    file_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 25
    files_dir: Path | None = None
    file_kept_days: Annotated[int, Field(ge=0, le=36_500)] = 30
    # The folder in which backups are made that are asked for over HTTP, each in one of its own, named by its moment.
    backup_to: Path | None = None

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _is_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("it must be a URL like postgresql://owner:secret@host:5432/letopis")
        if value is not None and not is_read_whole(value.get_secret_value()):
            # What PostgreSQL's own library says of it repeats the password, or what it took for a port or a host.
            raise ValueError(
                "it cannot be read as a URL of a database; a password in it is written percent-encoded (@ as %40, / as "
                "%2F, % as %25), and after ? stand parameters that PostgreSQL knows"
            )
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().strip().encode()) < SECRET_BYTES:
            raise ValueError(f"it must have {SECRET_BYTES} bytes or more, made by chance: openssl rand -hex 32")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_provider(cls, value: str | None, known: ValidationInfo) -> str | None:
        if value is not None and (known.data.get("jwt_public_keys") or known.data.get("jwt_secret")):
            raise ValueError("the provider signs; take LETOPIS_JWT_PUBLIC_KEYS and LETOPIS_JWT_SECRET out, or this")
        if value is not None and not is_safe(value):
            raise ValueError("it must be an address like https://login.example.org/realms/staff")
        return value

    @field_validator("console_api")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        if value is not None and not is_safe(value):
            raise ValueError("tokens are sent there: it must be https, or this machine, such as http://127.0.0.1:8000")
        return value

    @field_validator("dev_tokens")
    @classmethod
    def _is_alone(cls, value: bool | None, known: ValidationInfo) -> bool | None:
        if value and any(known.data.get(other) for other in ("oidc_issuer", "jwt_public_keys", "jwt_secret")):
            raise ValueError("others sign the tokens (LETOPIS_OIDC_ISSUER, LETOPIS_JWT_…); take that out, or this")
        return value

    @field_validator("secrets_dir")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is no folder; name the one with the files")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - that of one folder, known beforehand
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings are looked for, the first one first."""
        return init_settings, env_settings, dotenv_settings, _Files(settings_cls, secrets_dir=_folders())

    @field_validator("master_key")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("it must be 64 hexadecimal digits, the text of the file master.key")
        return value

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value} is no time zone; name one like Europe/Moscow") from None
        return value

    @property
    def keep_retired(self) -> timedelta | None:
        """How long what readers saw before a rebuild follows the log; None: until it is dropped."""
        return None if self.keep_retired_hours is None else timedelta(hours=self.keep_retired_hours)

    @property
    def company_zone(self) -> ZoneInfo:
        """The zone in which days and months of the company begin."""
        return ZoneInfo(self.zone)

    @property
    def files_folder(self) -> Path:
        """Where the files of clients are: of their own where that is said, else below the data folder."""
        return self.files_dir or self.var / "files"

    @property
    def home(self) -> Home:
        """Where the company is, by which phone numbers and days are understood."""
        return Home(self.phone_region, self.area_code, self.company_zone)


class _Files(SecretsSettingsSource):
    """The settings that stand in files, each by itself."""

    def __call__(self) -> dict[str, object]:
        try:
            return super().__call__()
        except SettingsError as error:
            # Not its cause's words: they may have what is in the file.
            why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else "it is no text"
            places = ", ".join(map(str, _folders()))
            raise UnreadableSecretError(f"A file of secrets in {places}: {error}: {why}.") from None


def _folders() -> list[Path]:
    """Return the folders that are there with settings in files; the last one counts most."""
    named = {**DotEnvSettingsSource(Settings).env_vars, **EnvSettingsSource(Settings).env_vars}
    given = (os.environ.get(CREDENTIALS), named.get("letopis_secrets_dir"))
    return [folder for each in given if each and (folder := Path(each)).is_dir()]


def misnamed() -> list[str]:
    """Say of each variable or file LETOPIS_… that is no setting, wherever it is given, which one may be meant."""
    prefix = Settings.model_config["env_prefix"].lower()
    files = (file.name.lower() for folder in _folders() for file in folder.iterdir())
    given = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars, *files}
    ours = {name.removeprefix(prefix) for name in map(str.lower, given) if name.startswith(prefix)}
    known = set(Settings.model_fields)
    return [_misnamed(name, get_close_matches(name, known, 1)) for name in sorted(ours - known)]


def _misnamed(name: str, near: list[str]) -> str:
    meant = f"Did you mean LETOPIS_{near[0].upper()}?" if near else "docs/operations.md names them all."
    return f"LETOPIS_{name.upper()} is no setting and is not read. {meant}"


def sentence_of(error: ValidationError) -> str:
    """Say in a sentence which setting is wrong and how; what was given may be a secret and is not repeated."""
    told = (
        f"LETOPIS_{'.'.join(map(str, each['loc'])).upper()}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_input=False, include_url=False)
    )
    return f"{'; '.join(told)}. Correct it and try again."
