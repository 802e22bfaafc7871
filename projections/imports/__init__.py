"""Read models about imports of old records."""
