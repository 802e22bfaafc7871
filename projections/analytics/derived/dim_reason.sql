-- One row is a reason why a deal can be lost: the code that stands in facts, and what people call it.
SELECT
    code AS reason_code,
    en,
    ru
FROM dim_label
WHERE list = 'loss_reason'
