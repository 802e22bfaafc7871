"""Clients."""

from read_api.console.page import Pages

pages = Pages()
