"""Old records enter the log: CSV files read by a mapping, with their own dates and people, every row accounted for."""
