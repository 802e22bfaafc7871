-- A snapshot names the fact it was taken after, so that one of another log (a backup was restored, and the log went on
-- otherwise) is never taken for the truth; and whose key seals it, so that it can be found when they are forgotten.
-- Both are null for what an application of the eventsourcing library keeps here by itself.
ALTER TABLE letopis.snapshot
    ADD COLUMN event_id uuid,
    ADD COLUMN subject_id uuid,
    ADD CONSTRAINT snapshot_names_its_fact CHECK ((event_id IS NULL) = (subject_id IS NULL));
