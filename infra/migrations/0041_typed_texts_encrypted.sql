-- What people type is encrypted from here on. Older code cannot read that, so it must not start: this database is newer.
COMMENT ON COLUMN letopis.event.body IS 'the fact; of what is personal, and of what people typed, only the encrypted part';
