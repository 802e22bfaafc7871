--: title.en = "Loss reasons: why deals were lost"
--: title.ru = "Причины потерь: почему сделки проиграны"
--: columns = "month reason_code currency deals amount"
--: order = "month reason_code currency"
--: parameters = "from to seller_id pipeline_id"
--: chart = { mark = "bar", along = "reason_code", counts = "deals amount" }
-- Why deals are lost: lost deals that are not open again, by the month of the loss (company's zone), the coded reason (NULL:
-- it was told in words alone), and currency (NULL when nobody said what the deal was worth).
-- amount: what those deals were last said to be worth.
SELECT
    month,
    reason_code,
    currency,
    count(*) AS deals,
    sum(amount) AS amount
FROM ended_deal
WHERE status = 'lost'
    AND ($from IS NULL OR ended_on >= CAST($from AS DATE))
    AND ($to IS NULL OR ended_on <= CAST($to AS DATE))
    AND ($seller_id IS NULL OR seller_id = CAST($seller_id AS UUID))
    AND ($within IS NULL OR seller_id IN (SELECT unnest(CAST($within AS UUID[]))))
    AND ($pipeline_id IS NULL OR pipeline_id = CAST($pipeline_id AS UUID))
GROUP BY ALL
