"""The README's tour, told with the Python client that openapi-python-client made (in `client`, beside this file).

Called with an address and the tokens of a seller, of another seller, of their head and of an auditor.
"""

import sys
from uuid import UUID, uuid4

from client import AuthenticatedClient
from client.api.analytics import get_report
from client.api.clients import get_client, get_client_history, list_clients
from client.api.commands import batch, claim_client, open_deal, record_activity, win_deal
from client.api.deals import get_pipeline
from client.models.batch import Batch
from client.models.batch_answer import BatchAnswer
from client.models.batch_receipt import BatchReceipt
from client.models.board import Board
from client.models.channel import Channel
from client.models.claim_client import ClaimClient
from client.models.client_card import ClientCard
from client.models.direction import Direction
from client.models.get_report_report import GetReportReport
from client.models.history_page import HistoryPage
from client.models.lifecycle import Lifecycle
from client.models.money_given import MoneyGiven
from client.models.money_given_currency import MoneyGivenCurrency
from client.models.note_client import NoteClient
from client.models.note_client_item import NoteClientItem
from client.models.open_deal import OpenDeal
from client.models.page_client import PageClient
from client.models.page_part_of_client import PagePartOfClient
from client.models.part_of_client import PartOfClient
from client.models.problem_details import ProblemDetails
from client.models.receipt import Receipt
from client.models.record_activity import RecordActivity
from client.models.report_answer import ReportAnswer
from client.models.win_deal import WinDeal


def main(address: str, *tokens: str) -> None:
    """Tell the tour; an assertion fails where an answer is not what it is in the README."""
    boris, anna, head, auditor = (
        AuthenticatedClient(base_url=address, token=token, raise_on_unexpected_status=True) for token in tokens
    )

    found = list_clients.sync(client=boris, q="лебедев петр")
    assert isinstance(found, PageClient)
    [petr] = found.items
    assert petr.name == "Пётр Лебедев"
    assert petr.owner_id is None

    part = list_clients.sync(client=boris, q="лебедев петр", fields=["name"])
    assert isinstance(part, PagePartOfClient)
    assert part.items == [PartOfClient(client_id=petr.client_id, name="Пётр Лебедев")]

    claimed = claim_client.sync(client=boris, body=ClaimClient(client_id=petr.client_id))
    assert isinstance(claimed, Receipt)
    assert [event.topic for event in claimed.events] == ["client.claimed"]

    late = claim_client.sync(client=anna, body=ClaimClient(client_id=petr.client_id))
    assert isinstance(late, ProblemDetails)
    assert (late.status, late.code) == (409, "client-owned")
    assert late.additional_properties["owner_name"] == "Борис Громов"

    meeting = RecordActivity(
        client_id=petr.client_id,
        channel=Channel.MEETING,
        direction=Direction.OUTBOUND,
        contact_name="Пётр Лебедев",
        contact_data="+7 903 111-22-33",
        topic="Весы",
    )
    incomplete = record_activity.sync(client=boris, body=meeting)
    assert isinstance(incomplete, ProblemDetails)
    assert incomplete.code == "meeting-is-incomplete"
    assert [problem.pointer for problem in incomplete.errors or []] == ["/result"]

    note_twice(boris, petr.client_id)

    [pipeline_id] = {board.pipeline_id for board in [get_pipeline.sync(client=head)] if isinstance(board, Board)}
    assert isinstance(pipeline_id, UUID)
    price = MoneyGiven(amount="250000", currency=MoneyGivenCurrency.RUB)
    deal = OpenDeal(
        deal_id=uuid4(), client_id=petr.client_id, title="Весы на рынок", pipeline_id=pipeline_id, amount=price
    )
    opened = open_deal.sync(client=boris, body=deal, idempotency_key="tour")
    again = open_deal.sync(client=boris, body=deal, idempotency_key="tour")
    assert isinstance(opened, Receipt)
    assert isinstance(again, Receipt)
    assert (again.replayed, again.position) == (True, opened.position)
    won = win_deal.sync(client=boris, body=WinDeal(deal_id=opened.stream_id))
    assert isinstance(won, Receipt)

    card = get_client.sync(petr.client_id, client=boris, min_position=won.position)
    assert isinstance(card, ClientCard)
    assert card.lifecycle == Lifecycle.CUSTOMER
    assert card.owner is not None
    assert card.owner.name == "Борис Громов"
    assert card.contact_points[0].key == "+79031112233"

    report = get_report.sync(
        GetReportReport.MONTHLY_SALES, client=head, seller_id=card.owner.id, min_position=won.position
    )
    assert isinstance(report, ReportAnswer)
    assert [row.additional_properties["amount"] for row in report.rows] == ["250000.00"]

    history = get_client_history.sync(petr.client_id, client=auditor, limit=2)
    assert isinstance(history, HistoryPage)
    assert [entry.topic for entry in history.items] == ["client.registered", "client.claimed"]
    print("The tour is told.")


def note_twice(seller: AuthenticatedClient, client_id: UUID) -> None:
    """Write two notes on a client in one batch."""
    notes = [NoteClient(client_id=client_id, text=text) for text in ("Звонить до обеда", "Просил счёт")]
    at_once = Batch(atomic=True, commands=[NoteClientItem(command="note-client", data=note) for note in notes])
    noted = batch.sync(client=seller, body=at_once)
    assert isinstance(noted, BatchAnswer)
    assert [isinstance(result, BatchReceipt) for result in noted.results] == [True, True]


if __name__ == "__main__":
    main(*sys.argv[1:])
