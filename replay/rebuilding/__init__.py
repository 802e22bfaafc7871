"""Makes a read model anew beside the live one, in shards and at a bearable pace; verifies and promotes it."""
