"""Clients and the persons who act for them."""
