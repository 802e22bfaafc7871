"""What is due, and when: each timer's own rule in a module of its own, and the one read model that they all fill."""
