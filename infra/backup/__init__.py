"""A dump of the log with a signed manifest, and the way back from it."""
