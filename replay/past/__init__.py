"""Shows how things stood, and what was recorded: as of a moment, a client's history, the feed."""
