"""The failures a person at the command line can do something about; each says what in its own words."""

import psycopg
from pydantic import ValidationError

from app.database import FolderUnusableError
from app.demo.company import FirstStartError
from app.serving.analytics_control import ServiceRefusedError
from app.serving.serve import PortTakenError
from app.terminal.repair import UnknownReadModelError
from app.terminal.totals import NotCaughtUpError
from commands.importing.csv_file import UnreadableFileError
from commands.importing.problems import MappingError
from infra.analytics.duck import AnalyticsFileInUseError, AnalyticsNotReadyError
from infra.backup.backup import BackupRefusedError
from infra.backup.manifest import DamagedBackupError
from infra.backup.restore import RestoreRefusedError
from infra.log.crypto import WrongMasterKeyError
from infra.log.event_versions import NewerLogError
from infra.log.mapper import UnreadableEventError
from infra.log.past_log import MomentAheadError, TooLongError
from infra.migrations import DatabaseIsNewerError
from infra.postgres.embedded import EmbeddedPostgresError
from infra.postgres.postgres_tools import ToolFailedError
from infra.projector.folding import PoisonEventError
from replay.export.export import ExportError
from replay.rebuilding.rebuild import MoreParkedError, NothingToRollBackToError
from replay.rebuilding.report import NotEqualError
from replay.rebuilding.resources import NoRoomError
from replay.rebuilding.throttle import RebuildCancelledError
from replay.rebuilding.verify import NoSuchGenerationError
from replay.rebuilding.workers import WorkerDiedError
from replay.repair.parked import NotParkedError, OtherCodeError

KNOWN = (
    AnalyticsFileInUseError,
    AnalyticsNotReadyError,
    BackupRefusedError,
    DamagedBackupError,
    DatabaseIsNewerError,
    EmbeddedPostgresError,
    ExportError,
    FirstStartError,
    FolderUnusableError,
    MappingError,
    MomentAheadError,
    MoreParkedError,
    NewerLogError,
    NoRoomError,
    NoSuchGenerationError,
    NotCaughtUpError,
    NotEqualError,
    NotParkedError,
    NothingToRollBackToError,
    OtherCodeError,
    PoisonEventError,
    PortTakenError,
    RebuildCancelledError,
    RestoreRefusedError,
    ServiceRefusedError,
    TooLongError,
    ToolFailedError,
    UnknownReadModelError,
    UnreadableEventError,
    UnreadableFileError,
    ValidationError,
    ValueError,
    WorkerDiedError,
    WrongMasterKeyError,
    psycopg.OperationalError,
)
