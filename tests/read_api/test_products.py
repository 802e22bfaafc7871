"""The catalogue of products as it is asked for over HTTP."""

from events.product import ProductListed, ProductRenamed, ProductWithdrawn
from read_api.products import Product
from read_api.reading.answer import Page
from tests.examples import fact
from tests.read_api.office import Office
from tests.story import given, moment, nth_id, on

GTX, MG = nth_id(1), nth_id(2)


def test_products_are_listed_by_code_as_they_are_called_now(desk: Office) -> None:
    pro = on(GTX, fact(ProductListed), fact(ProductRenamed))
    special = on(MG, fact(ProductListed, code="mg-special", name="MG Special", series=None, aliases=()))

    told = given(special, pro).at(desk).asks("/products", "analyst")

    told.answers({"items": [{"product_id": GTX, "name": "GTX Pro 2", "version": 2}, {"product_id": MG}], "next": None})
    told.answers(
        {
            "items": [
                {
                    "code": "gtx-pro",
                    "series": "GTX",
                    "aliases": ["GTXPro"],
                    "listed_at": moment(2),
                    "withdrawn_at": None,
                    "position": 3,
                },
                {
                    "code": "mg-special",
                    "name": "MG Special",
                    "series": None,
                    "aliases": [],
                    "version": 1,
                    "position": 1,
                },
            ]
        }
    )
    Page[Product].model_validate(told.response.json())


def test_a_withdrawn_product_is_still_listed_and_says_since_when(desk: Office) -> None:
    visit = given(on(GTX, fact(ProductListed), fact(ProductWithdrawn))).at(desk)

    visit.asks("/products").answers({"items": [{"code": "gtx-pro", "withdrawn_at": moment(2)}]})
    visit.asks("/products/gtx-pro").answers({"code": "gtx-pro", "withdrawn_at": moment(2)})


def test_an_empty_catalogue_is_an_empty_list(desk: Office) -> None:
    given().at(desk).asks("/products").answers({"items": [], "next": None})
