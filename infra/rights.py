"""Who may ask what, for those who have to know it of a side that they do not see."""

RIGHTS: dict[str, frozenset[str]] = {}
"""Question → the roles that may ask it; the read side declares it, and is loaded wherever it is needed."""
