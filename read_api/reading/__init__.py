"""How a question is asked and answered, whatever it is about: rights, pages, cursors, positions, the past."""
