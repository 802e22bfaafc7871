"""Files of clients: their bytes taken in, given out, swept; the facts about them are as all others."""
