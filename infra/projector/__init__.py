"""Folds of the log kept in tables: read models, their generations, their workers, and what is parked."""
