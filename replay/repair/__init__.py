"""What an operator looks at and mends: what waits, what is kept, checkpoints, claims."""
