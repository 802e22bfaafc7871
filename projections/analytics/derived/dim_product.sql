-- One row is a product as its facts leave it, in the order they were recorded.
SELECT
    product_id,
    arg_max(code, position) AS product_code,
    arg_max(name, position) AS name,
    arg_max(series, position) AS series,
    arg_max(kind, position) FILTER (WHERE kind IN ('listed', 'withdrawn')) = 'listed' AS is_offered
FROM fact_product
GROUP BY product_id
