-- One row is one fact of a deal that still counts: of a deal whose import was reverted those do that were recorded since.
SELECT fact.*
FROM fact_deal AS fact
ANTI JOIN (
    SELECT deal_id, max(position) AS reverted
    FROM fact_deal
    WHERE kind = 'entry_reverted'
    GROUP BY deal_id
) AS gone
    ON gone.deal_id = fact.deal_id
    AND fact.position <= gone.reverted
