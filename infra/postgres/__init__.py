"""The server and the way to it: the one that comes along, its folder and processes, and connections."""
