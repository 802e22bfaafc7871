"""How the interpreter of a process that carries out commands all day, or folds a whole log, is set up."""

import atexit
import gc
import sys

SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while others wait; the default of 5 ms is longer than a batch takes."""

NEW_OBJECTS, YOUNG_ROUNDS, MIDDLE_ROUNDS = 5_000, 4, 5_000
"""How many new objects make it worth while to look for garbage in cycles, of which there is next to none.

With the default of 700, looking through the aggregates kept in memory took a quarter of the time of every command, and
looking through the rows at hand two fifths of a verification's. Everything waits meanwhile: for 20 ms where 20,000 new
objects are looked through at once, and for 600 ms where a million are.
"""


def settle() -> None:
    """Call it when everything is imported: what is there stays, and is never looked through again."""
    gc.collect()
    gc.freeze()
    # At the very end everything is looked through once more, or libraries in C complain of what was not given back.
    atexit.register(gc.unfreeze)
    gc.set_threshold(NEW_OBJECTS, YOUNG_ROUNDS, MIDDLE_ROUNDS)
    sys.setswitchinterval(SWITCH_SECONDS)
