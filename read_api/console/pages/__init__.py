"""Every page of the console: a module for each, and all of them in the order of the menu."""

from read_api.console.page import Page
from read_api.console.pages import client_card, clients, doing, home, my_day

MODULES = (my_day, clients, client_card, doing, home)

PAGES: tuple[Page, ...] = tuple(page for module in MODULES for page in module.pages)
