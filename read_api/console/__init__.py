"""The console: one light page for each kind of user; a guest of the public HTTP API that sees what its user may see."""
