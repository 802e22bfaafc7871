"""What was decided last of two clients who look like one, whichever of them was named first."""

from events.client_pair import ClientsKeptApart, ClientsReconsidered
from events.examples import ROMASHKA_AND_HOLDING
from projections.parties.client_pairs import ClientPairRow, client_pairs
from tests.examples import ANNA, HOLDING, ROMASHKA, fact
from tests.story import given, moment, on

APART = fact(ClientsKeptApart, client_id=HOLDING, other_id=ROMASHKA)


def test_the_last_word_counts_and_the_lesser_id_stands_first() -> None:
    kept = ClientPairRow(
        ROMASHKA_AND_HOLDING, ROMASHKA, HOLDING, True, "two shops of one owner", str(ANNA), ANNA, moment(1)
    )
    given(on(ROMASHKA_AND_HOLDING, APART, actor=ANNA)).shows(client_pairs, kept)
    given(on(ROMASHKA_AND_HOLDING, APART, fact(ClientsReconsidered), APART)).shows(
        client_pairs, kept._replace(actor="story", staff_id=None, decided_at=moment(3))
    )
    given(on(ROMASHKA_AND_HOLDING, APART, fact(ClientsReconsidered))).shows_row(
        client_pairs, ROMASHKA_AND_HOLDING, is_kept_apart=False, reason="they have one tax number after all"
    )
