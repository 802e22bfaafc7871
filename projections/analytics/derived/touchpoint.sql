-- One row is an activity that took place, when it took place. It is credited to the staff member it names, else to
-- whoever classified the call; its call status is the one said last.
-- One whose import was reverted did not take place. An activity is held once (its rules see to that), and few are classified: those are looked up, none is grouped.
WITH classified AS (
    SELECT
        activity_id,
        max(position) AS position,
        arg_max(staff_id, position) AS staff_id,
        arg_max(call_status, position) AS call_status
    FROM fact_activity
    WHERE kind = 'call_classified'
    GROUP BY activity_id
)
SELECT
    activity_id,
    held.occurred_at AS held_at,
    CAST(timezone($zone, held_at) AS DATE) AS held_on,
    held.channel AS channel,
    held.is_offer AS is_offer,
    coalesce(held.staff_id, classified.staff_id) AS staff_id,
    CASE
        WHEN held.call_status IS NULL OR classified.position > held.position THEN classified.call_status
        ELSE held.call_status
    END AS call_status
FROM fact_activity AS held
LEFT JOIN classified USING (activity_id)
WHERE held.kind = 'held'
    AND NOT EXISTS (
        SELECT 1
        FROM fact_activity AS gone
        WHERE gone.kind = 'entry_reverted'
            AND gone.activity_id = held.activity_id
            AND gone.position > held.position
    )
