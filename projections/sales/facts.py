"""The facts of deals, products and pipelines, for analysts: one row is one event, and no person is named."""

from events import deal, pipeline, product
from infra.analytics.fact_schema import Column, FactTable
from projections.fact_tables import KIND, MONEY, body, column, flag, topics

_STAGE = {"code": "VARCHAR", "name": "VARCHAR", "probability": "VARCHAR"}


def _stage_at(member: str, elsewhere: str = "NULL") -> str:
    """Return the SQL of a member of the stage that was added or revised."""
    added, revised = f"body.stage ->> '$.{member}'", f"body.to_stage.{member}"
    return f"CASE {KIND.value} WHEN 'stage_added' THEN {added} WHEN 'stage_revised' THEN {revised} ELSE {elsewhere} END"


DEAL = FactTable(
    name="fact_deal",
    stream="deal_id",
    topics=topics(
        deal.DealOpened,
        deal.DealClientNamed,
        deal.DealMoved,
        deal.DealRevalued,
        deal.DealClosingExpected,
        deal.DealCategorised,
        deal.DealHandedOver,
        deal.DealWon,
        deal.DealLost,
        deal.DealReopened,
        deal.DealEntryReverted,
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
        "to_day",
        "to_category",
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
        Column("expected_on", "DATE", "body.to_day"),
        Column("category", "VARCHAR", "body.to_category"),
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


PIPELINE = FactTable(
    name="fact_pipeline",
    stream="pipeline_id",
    topics=topics(
        pipeline.PipelineDefined,
        pipeline.StageAdded,
        pipeline.StageRevised,
        pipeline.StageRetired,
        pipeline.StageRestored,
        pipeline.PipelineRetired,
        pipeline.PipelineRestored,
    ),
    # `stage` is a whole stage where one was added, and its code alone elsewhere.
    body=body("name", "stage", "after", stages=[_STAGE], to_stage=_STAGE),
    columns=(
        KIND,
        column("name"),
        Column("stages", "STRUCT(code VARCHAR, name VARCHAR, probability SMALLINT)[]", "body.stages"),
        Column("stage", "VARCHAR", _stage_at("code", "body.stage")),
        Column("stage_name", "VARCHAR", _stage_at("name")),
        Column("probability", "SMALLINT", _stage_at("probability")),
        Column("after_stage", "VARCHAR", "body.after"),
    ),
)
