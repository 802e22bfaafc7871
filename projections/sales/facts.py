"""The facts of deals and products, for analysts: one row is one event, ids instead of names, nothing personal."""

from events import deal, product
from infra.analytics.fact_schema import Column, FactTable
from projections.fact_tables import KIND, MONEY, body, column, flag, topics

DEAL = FactTable(
    name="fact_deal",
    stream="deal_id",
    topics=topics(
        deal.DealOpened,
        deal.DealClientNamed,
        deal.DealMoved,
        deal.DealRevalued,
        deal.DealHandedOver,
        deal.DealWon,
        deal.DealLost,
        deal.DealReopened,
    ),
    body=body(
        "client_id",
        "seller_id",
        "from_seller_id",
        "to_seller_id",
        "pipeline_id",
        "stage",
        "from_stage",
        "to_stage",
        "product_code",
        "reason_code",
        "date_unknown",
        amount=MONEY,
        to_amount=MONEY,
    ),
    columns=(
        KIND,
        column("client_id"),
        column("seller_id", "to_seller_id"),
        column("from_seller_id"),
        column("pipeline_id"),
        column("from_stage"),
        column("stage", "to_stage"),
        column("product_code"),
        Column("amount", "DECIMAL(18, 4)", "coalesce(body.amount, body.to_amount).amount"),
        Column("currency", "VARCHAR", "coalesce(body.amount, body.to_amount).currency"),
        column("reason_code"),
        flag("date_unknown"),
    ),
)

PRODUCT = FactTable(
    name="fact_product",
    stream="product_id",
    topics=topics(product.ProductListed, product.ProductRenamed, product.ProductAliasAdded, product.ProductWithdrawn),
    body=body("code", "name", "to_name", "series", "alias"),
    columns=(
        KIND,
        column("code"),
        column("name", "to_name"),
        column("series"),
        column("alias"),
    ),
)
