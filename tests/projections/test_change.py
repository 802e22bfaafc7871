"""A changed row is a new row; the old one stays as it was."""

import pytest

from projections.change import changed
from tests.projections.parties.test_client_card import NEW_CARD


def test_a_changed_row_is_what_the_standard_library_would_make_of_it() -> None:
    before = NEW_CARD._replace()

    after = changed(NEW_CARD, name="Василёк", version=3, owner_id=None)

    assert after == NEW_CARD._replace(name="Василёк", version=3, owner_id=None)
    assert type(after) is type(NEW_CARD)
    assert after != NEW_CARD
    assert before == NEW_CARD


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="no_such_column"):
        changed(NEW_CARD, no_such_column="Romashka")
