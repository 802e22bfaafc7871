"""The catalogue of products as it is asked for over HTTP."""

from events.examples import VAT_RATE
from events.product import ProductDescribed, ProductListed, ProductRenamed, ProductSucceeded, ProductWithdrawn
from events.tax_rate import TaxRateAdopted
from read_api.products import Product
from read_api.reading.answer import Page
from read_api.tax_rates import TaxRate
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


def test_a_product_says_its_unit_its_tax_and_its_successor(desk: Office) -> None:
    described = on(GTX, fact(ProductListed), fact(ProductDescribed), fact(ProductSucceeded))
    visit = given(described, on(MG, fact(ProductListed, code="mg"))).at(desk)
    told = {"unit": "pcs", "group": "scales", "tax_code": "vat", "successor_code": "gtx-plus"}
    visit.asks("/products/gtx-pro").answers(told)
    visit.asks("/products/mg").answers(dict.fromkeys(told))


def test_taxes_say_what_they_are_on_which_days(desk: Office) -> None:
    visit = given(on(VAT_RATE, fact(TaxRateAdopted))).at(desk)
    rate = {"from_day": "2026-01-01", "to_day": None, "percent": "22"}
    told = visit.asks("/tax-rates")
    told.answers({"items": [{"tax_id": VAT_RATE, "code": "vat", "rates": [rate], "version": 1}], "next": None})
    Page[TaxRate].model_validate(told.response.json())
    visit.asks("/tax-rates/vat").answers({"code": "vat", "rates": [rate]})
    assert visit.asks("/tax-rates/none").response.json()["code"] == "not-found"
