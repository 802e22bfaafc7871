"""Looks at everything Letopis rests on and says how to mend it."""
