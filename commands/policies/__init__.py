"""Facts in, commands out: what follows from a fact without anybody asking for it."""
