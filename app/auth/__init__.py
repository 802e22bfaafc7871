"""Who is asking: the tokens that are let in, the keys they are checked with, and those that we sign ourselves."""
