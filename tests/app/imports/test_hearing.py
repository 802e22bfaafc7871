"""A process that imports is heard for a while at a time, however much it says, and to its last word."""

from multiprocessing import Pipe

from app.imports.hands import _said
from app.imports.process import Lost, Progress


def test_who_never_stops_talking_does_not_keep_us_from_looking_up() -> None:
    ours, theirs = Pipe()
    heard = 0
    theirs.send(Progress("importing", 0, None))
    for told in _said(ours, 0.2):
        heard += 1
        theirs.send(told)
    assert heard > 1


def test_the_last_word_of_a_process_that_is_gone_is_heard() -> None:
    ours, theirs = Pipe()
    theirs.send(Progress("importing", 1, 2))
    theirs.send(Lost())
    theirs.close()
    assert list(_said(ours, None)) == [Progress("importing", 1, 2), Lost()]
    assert list(_said(ours, 0.1)) == []
