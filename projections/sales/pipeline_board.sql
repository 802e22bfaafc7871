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
    expected_on  date,
    category     text        NOT NULL,
    won_amount   numeric,
    won_currency text,
    opened_at    timestamptz,
    opened_by    uuid,
    closed_at    timestamptz,
    lost_reason  text,
    lost_reason_code text,
    external_id  text,
    date_unknown boolean     NOT NULL,
    -- facts from before its client was known: they are in the client's story all the same
    before_client bigint[],
    version      bigint      NOT NULL,
    position     bigint      NOT NULL,
    PRIMARY KEY (deal_id)
);

-- serves GET /deals: all of them, page by page after (opened_at, deal_id)
CREATE INDEX pipeline_board_by_opening ON {schema}.pipeline_board (opened_at, deal_id);

-- serves GET /pipeline: a stage's deals page by page, and the counts and sums of the stages; and each of
-- GET /deals?pipeline=&status=&stage= where few or none match
CREATE INDEX pipeline_board_by_stage ON {schema}.pipeline_board (pipeline_id, status, stage, opened_at, deal_id);

-- serves GET /deals?seller=: one seller's deals, page by page
CREATE INDEX pipeline_board_by_seller ON {schema}.pipeline_board (seller_id, opened_at, deal_id);

-- serves GET /deals?client=: one client's deals, page by page
CREATE INDEX pipeline_board_by_client ON {schema}.pipeline_board (client_id, opened_at, deal_id);

-- serves GET /clients/<id>/timeline: what began before it was known that it is with this client
CREATE INDEX pipeline_board_before_client ON {schema}.pipeline_board (client_id) WHERE before_client IS NOT NULL;

-- serves GET /deals?product=: one product's deals, page by page
CREATE INDEX pipeline_board_by_product ON {schema}.pipeline_board (product_code, opened_at, deal_id);

-- serves GET /deals?closed_from=&closed_to=&sort=closed, page by page
CREATE INDEX pipeline_board_by_closing ON {schema}.pipeline_board (closed_at, deal_id) WHERE closed_at IS NOT NULL;

-- serves GET /deals?expected_from=&expected_to=&sort=expected, page by page
CREATE INDEX pipeline_board_by_expected ON {schema}.pipeline_board (expected_on, deal_id)
WHERE expected_on IS NOT NULL;

-- serves GET /deals?currency=&amount_from=&amount_to=&sort=amount, page by page
CREATE INDEX pipeline_board_by_amount ON {schema}.pipeline_board (currency, amount, deal_id)
WHERE currency IS NOT NULL;

-- serves GET /staff/<id>/counters: the deals that a seller opened in a period
CREATE INDEX pipeline_board_by_opener ON {schema}.pipeline_board (opened_by, opened_at);

-- serves GET /staff/<id>/counters: those that ended in a period, credited to a seller
CREATE INDEX pipeline_board_by_end ON {schema}.pipeline_board (seller_id, closed_at) WHERE status <> 'open';

-- What these say together: a pipeline with many deals and a state with many may have none in common, and a page must not
-- be looked for along all deals then.
CREATE STATISTICS {schema}.pipeline_board_together (mcv)
ON pipeline_id, status, stage, product_code FROM {schema}.pipeline_board;
