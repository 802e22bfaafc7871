-- One row is one deal as it stands.
CREATE TABLE {schema}.pipeline_board (
    deal_id      uuid        NOT NULL,
    client_id    uuid,
    seller_id    uuid,
    pipeline_id  uuid,
    stage        text,
    stage_since  timestamptz,
    status       text        NOT NULL,
    title        text,
    product_code text,
    amount       numeric,
    currency     text,
    won_amount   numeric,
    won_currency text,
    opened_at    timestamptz,
    closed_at    timestamptz,
    lost_reason  text,
    external_id  text,
    date_unknown boolean     NOT NULL,
    version      bigint      NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (deal_id)
);

-- serves GET /deals: all of them, page by page after (opened_at, deal_id)
CREATE INDEX pipeline_board_by_opening ON {schema}.pipeline_board (opened_at, deal_id);

-- serves GET /pipeline: a stage's deals page by page, and the counts and sums of the stages
CREATE INDEX pipeline_board_by_stage ON {schema}.pipeline_board (pipeline_id, status, stage, opened_at, deal_id);

-- serves GET /deals?seller=: one seller's deals, page by page
CREATE INDEX pipeline_board_by_seller ON {schema}.pipeline_board (seller_id, opened_at, deal_id);

-- serves GET /deals?client=: one client's deals, page by page
CREATE INDEX pipeline_board_by_client ON {schema}.pipeline_board (client_id, opened_at, deal_id);

-- serves finding the deal an imported record names
CREATE INDEX pipeline_board_by_external_id ON {schema}.pipeline_board (external_id) WHERE external_id IS NOT NULL;
