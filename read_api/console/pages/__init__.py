"""Every page of the console: a module for each, and all of them in the order of the menu."""

from read_api.console.page import Page
from read_api.console.pages import (
    board,
    client_card,
    client_merge,
    clients,
    colleague,
    company,
    deal,
    doing,
    duplicates,
    history,
    home,
    imports,
    my_day,
    operating,
    plans,
    projections,
    reports,
    sql,
    status,
)

MODULES = (
    my_day,
    plans,
    clients,
    client_card,
    duplicates,
    client_merge,
    imports,
    board,
    deal,
    reports,
    sql,
    projections,
    history,
    company,
    colleague,
    status,
    doing,
    operating,
    home,
)

PAGES: tuple[Page, ...] = tuple(page for module in MODULES for page in module.pages)
