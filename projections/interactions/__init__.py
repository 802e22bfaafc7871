"""Touchpoints, planned and held."""
