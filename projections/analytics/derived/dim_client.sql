-- One row is a client, and who answers for it: itself, or the client that it turned out to be.
-- Facts name whoever they were told of: join by client_id and group by survivor_id, and clients that were merged are one.
WITH merges AS (
    SELECT
        client_id,
        arg_max(kind, position) AS kind,
        arg_max(survivor_id, position) AS survivor_id,
        arg_max_null(remains_in, position) AS remains_in
    FROM fact_merge
    WHERE kind IN ('merged_into', 'unmerged_from')
    GROUP BY client_id
)
SELECT
    registered.client_id,
    CASE kind
        WHEN 'merged_into' THEN survivor_id
        WHEN 'unmerged_from' THEN coalesce(remains_in, client_id)
        ELSE client_id
    END AS survivor_id,
    registered.client_kind
FROM (
    SELECT client_id, arg_max(client_kind, position) AS client_kind
    FROM fact_client
    WHERE fact_client.kind IN ('registered', 'entry_reverted')
    GROUP BY client_id
    HAVING arg_max(fact_client.kind, position) = 'registered'
) AS registered
LEFT JOIN merges USING (client_id)
