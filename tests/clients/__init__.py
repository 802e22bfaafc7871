"""Clients generated from our description: `make test-clients` makes them and tells the tour with them."""
