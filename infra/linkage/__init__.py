"""Which records are probably of one thing: the model by which pairs are scored, and the process that scores them."""
