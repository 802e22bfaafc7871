"""The people who meet the clients."""
