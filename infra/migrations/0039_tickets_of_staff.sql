-- Whether whoever took a ticket was let in by what the log says of them: then they are looked at again while they follow.
ALTER TABLE letopis.stream_ticket ADD COLUMN is_on_record boolean NOT NULL DEFAULT false;
