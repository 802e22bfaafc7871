--: title.en = "Pipeline totals: where all deals stand"
--: title.ru = "Итоги воронки: в каком состоянии все сделки"
--: columns = "pipeline_id pipeline status stage currency deals amount"
--: order = "pipeline_id status stage currency"
--: parameters = "seller_id pipeline_id"
--: chart = { mark = "bar", along = "stage", counts = "deals amount", by = "status" }
-- Where all deals stand: by pipeline, status (open, won, lost), the stage of the open ones (NULL for those that ended)
-- and currency (NULL when nobody said what the deal is worth). The seller is the one who leads the deal, or ended it.
SELECT
    pipeline_id,
    status,
    CASE status WHEN 'open' THEN last_stage END AS stage,
    currency,
    count(*) AS deals,
    sum(amount) AS amount
FROM deal_now
WHERE ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
    AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
    AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
GROUP BY ALL
