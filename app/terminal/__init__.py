"""What people type: the command line, and what each command does."""
