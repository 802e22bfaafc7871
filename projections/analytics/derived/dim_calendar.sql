-- One row is a day from 2000 to 2049. Weeks begin on Mondays (ISO 8601), `weekday` is 1 on one and 7 on a Sunday.
SELECT
    CAST(moment AS DATE) AS day,
    CAST(date_trunc('week', day) AS DATE) AS week,
    CAST(date_trunc('month', day) AS DATE) AS month,
    CAST(date_trunc('quarter', day) AS DATE) AS quarter,
    year(day) AS year,
    isodow(day) AS weekday
FROM range(TIMESTAMP '2000-01-01', TIMESTAMP '2050-01-01', INTERVAL 1 DAY) AS days (moment)
