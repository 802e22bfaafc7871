"""Imports asked for over HTTP: the bytes that people send, what is seen in them, and the process that takes them in."""
