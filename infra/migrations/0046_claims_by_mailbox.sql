-- Claims are made by other keys from here on (one mailbox, one key). Older code would claim by the old ones, and nobody
-- would see that two have one, so it must not start: this database is newer. The claims themselves are renewed at the
-- start, from the facts, which only the master key opens.
COMMENT ON TABLE letopis.claim IS 'one row is an identity somebody holds, by today''s key of it; older ones are renewed at the start';
