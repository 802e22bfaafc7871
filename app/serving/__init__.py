"""The service as it runs: its processes, its HTTP application, its logs and metrics."""
