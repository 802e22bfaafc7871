"""How names are found: the terms of an index, what is asked of it, and what of a name was found."""
