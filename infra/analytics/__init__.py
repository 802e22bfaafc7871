"""The events as fact tables in a DuckDB file, and who may have it open."""
