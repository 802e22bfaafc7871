"""The failures an operator can do something about."""


class ToldError(Exception):
    """Its text is for people: what is wrong, and what to do. At the command line it is a sentence and exit code 1.

    Whatever else is raised there is a bug, and shows itself as one.
    """
