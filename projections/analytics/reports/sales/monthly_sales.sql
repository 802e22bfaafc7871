--: title.en = "Monthly sales: deals won and their sums"
--: title.ru = "Продажи по месяцам: выигранные сделки и суммы"
--: columns = "month currency product_code deals amount"
--: order = "month currency product_code"
--: parameters = "from to seller_id pipeline_id by_product"
--: chart = { mark = "bar", along = "month", counts = "deals amount" }
-- What was sold: won deals that are not open again, by the month of the win (company's zone) and currency, and by product
-- when asked (by_product; else product_code is NULL). amount: the sum of what the wins credit.
SELECT
    month,
    currency,
    CASE WHEN CAST($by_product AS BOOLEAN) THEN product_code END AS product_code,
    count(*) AS deals,
    sum(amount) AS amount
FROM ended_deal
WHERE status = 'won'
    AND ($from IS NULL OR ended_on >= CAST($from AS DATE))
    AND ($to IS NULL OR ended_on <= CAST($to AS DATE))
    AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
    AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
    AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
GROUP BY ALL
