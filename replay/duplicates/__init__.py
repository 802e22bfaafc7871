"""Which clients may be one: what of their cards is compared, who is found, and what is kept of it."""
