-- One row is an activity that took place, when it took place first. It is credited to the staff member it names, else to
-- whoever classified the call; its call status is the one said last.
SELECT
    activity_id,
    min(occurred_at) FILTER (WHERE kind = 'held') AS held_at,
    CAST(timezone($zone, held_at) AS DATE) AS held_on,
    arg_max(channel, position) FILTER (WHERE kind = 'held') AS channel,
    bool_or(is_offer) FILTER (WHERE kind = 'held') AS is_offer,
    coalesce(
        arg_max(staff_id, position) FILTER (WHERE kind = 'held'),
        arg_max(staff_id, position) FILTER (WHERE kind = 'call_classified')
    ) AS staff_id,
    arg_max(call_status, position) AS call_status
FROM fact_activity
WHERE kind IN ('held', 'call_classified')
GROUP BY activity_id
HAVING held_at IS NOT NULL
