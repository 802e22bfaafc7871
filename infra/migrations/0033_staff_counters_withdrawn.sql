-- The staff counters are counted from the rows that the lists show. What was folded for them is retired: readers of an
-- older version go on seeing it, and `letopis projections drop staff_counters` drops it.
UPDATE letopis.projection
SET
    state = 'retired',
    changed_at = clock_timestamp(),
    retired_at = clock_timestamp(),
    retired_position = position
WHERE name = 'staff_counters'
    AND state IN ('live', 'paused', 'broken');
