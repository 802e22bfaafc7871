-- One row is a deal that has ended and is not open again, on the day of its last ending in the company's zone,
-- credited to the seller whom that ending names.
SELECT
    deal_id,
    status,
    pipeline_id,
    turned_by AS seller_id,
    reason_code,
    product_code,
    last_stage,
    amount,
    currency,
    CAST(timezone($zone, opened_at) AS DATE) AS opened_on,
    CAST(timezone($zone, turned_at) AS DATE) AS ended_on,
    CAST(date_trunc('month', ended_on) AS DATE) AS month
FROM deal_now
WHERE status <> 'open'
