"""Bytes that facts name and the log does not hold: encrypted for their subject, in a folder, under their digest."""
