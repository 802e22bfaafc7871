"""How a command is carried out: door, queue, decision on the streams, one append a batch, and what is put on record."""
