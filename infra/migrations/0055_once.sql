-- What takes long is under way once, whoever asks for it: an import is taken back, and many are merged, by one job.
DROP INDEX letopis.operation_once;
CREATE UNIQUE INDEX operation_once ON letopis.operation (operation, about)
    WHERE ended_at IS NULL AND operation IN (
        'rebuild', 'verify', 'rollback', 'drop', 'backup', 'find-duplicates', 'merge-duplicates', 'unmerge-duplicates',
        'revert-import');

-- serves the last job that took an import back
CREATE INDEX operation_of_revert ON letopis.operation (about, asked_at DESC) WHERE operation = 'revert-import';
