"""The ids that commands carry, each marked with the stream it names."""

from typing import Annotated
from uuid import UUID

from aggregates.activity import Activity
from aggregates.client import Client
from aggregates.deal import Deal
from aggregates.import_run import ImportRun
from aggregates.pipeline import Pipeline
from aggregates.staff import StaffMember
from commands.base import Stream

ClientId = Annotated[UUID, Stream(Client)]
MaybeClientId = Annotated[UUID | None, Stream(Client)]
StaffId = Annotated[UUID, Stream(StaffMember)]
MaybeStaffId = Annotated[UUID | None, Stream(StaffMember)]
ActivityId = Annotated[UUID, Stream(Activity)]
MaybeActivityId = Annotated[UUID | None, Stream(Activity)]
DealId = Annotated[UUID, Stream(Deal)]
MaybeDealId = Annotated[UUID | None, Stream(Deal)]
PipelineId = Annotated[UUID, Stream(Pipeline)]
MaybePipelineId = Annotated[UUID | None, Stream(Pipeline)]
ImportId = Annotated[UUID, Stream(ImportRun)]
MaybeImportId = Annotated[UUID | None, Stream(ImportRun)]
