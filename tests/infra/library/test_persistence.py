"""Applications of the eventsourcing library run on our log, as its own suites for applications and factories say.

Of `InfrastructureFactoryTestCase` these do not apply, and are not collected:

- `test_create_tracking_recorder`, `test_create_process_recorder`: how far a view has come is kept by the projector, in
  the transaction that writes the view's rows; what follows from an event is a policy's command with its own receipt.
- `test_create_aggregate_recorder`: it makes a recorder of events outside the log.
"""

from typing import Any

import pytest
from eventsourcing.persistence import NotSupportedError, ProcessRecorder, TrackingRecorder
from eventsourcing.utils import Environment

from infra.library.persistence import LOG_URL, Factory
from infra.library.recorder import LogRecorder
from infra.library.snapshot_recorder import SnapshotRecorder
from tests.infra.library import suites


class ByTheEnvironment(suites.OnTheLog):
    """A case of the library whose applications find our log by the environment."""

    env: Environment

    @pytest.fixture(autouse=True)
    def given_an_environment(self, given_a_log: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG002
        self.env = Environment(
            env={"PERSISTENCE_MODULE": "infra.library.persistence", LOG_URL: self.database.writer_url}
        )
        for name, value in self.env.items():
            monkeypatch.setenv(name, value)


class TestTheExampleApplication(ByTheEnvironment, suites.application.ExampleApplicationTestCase):
    expected_factory_topic = "infra.library.persistence:Factory"


class TestApplications(ByTheEnvironment, suites.application.ApplicationTestCase):
    pass


class TestTheFactory(ByTheEnvironment, suites.persistence.InfrastructureFactoryTestCase[Factory]):
    test_create_tracking_recorder = None  # type: ignore[assignment] # see above
    test_create_process_recorder = None  # type: ignore[assignment] # see above
    test_create_aggregate_recorder = None  # type: ignore[assignment] # see above

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[SnapshotRecorder]:
        return SnapshotRecorder

    def expected_application_recorder_class(self) -> type[LogRecorder]:
        return LogRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        raise NotImplementedError

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        raise NotImplementedError

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        raise NotImplementedError

    def test_what_we_do_not_give_is_said_so(self) -> None:
        for ask in (self.factory.tracking_recorder, self.factory.process_recorder, self.factory.aggregate_recorder):
            with pytest.raises(NotSupportedError):
                ask()

    def test_snapshots_have_a_recorder_of_their_own(self) -> None:
        recorder: Any = self.factory.aggregate_recorder("snapshots")
        assert type(recorder) is SnapshotRecorder

    def test_without_the_url_it_is_said_what_is_missing(self) -> None:
        with pytest.raises(OSError, match=LOG_URL):
            Factory({}).application_recorder()
