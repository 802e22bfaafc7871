"""Where the parts are put together: who reads, writes and decides what, by which connection and key."""
