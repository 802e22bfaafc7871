"""Deals, the pipelines they take, the products they are about."""
