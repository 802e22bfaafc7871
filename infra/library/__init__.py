"""The log behind the interfaces of the eventsourcing library; only its shipped suites and applications use it."""
