"""The event log: what is stored of a fact, how it is appended, encrypted, read, followed and cut at a moment."""
