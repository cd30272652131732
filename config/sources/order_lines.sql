-- An example of a table read from a database: see order_lines in config/sources.yaml.
-- :since is the moment of the newest change taken in so far, two hours early; on the first pull it
-- is 1900-01-01 (on SQLite, which knows no moments, compare with :since itself). An order comes in as a whole, so ask for all lines of every order changed.
SELECT
    positions.order_number AS "order",
    orders.customer_number AS customer,
    orders.ordered_at      AS ordered_at,
    positions.article      AS product,
    articles.description   AS product_name,
    articles.product_group AS category,
    positions.quantity     AS quantity,
    positions.net_price    AS unit_price,
    positions.list_price   AS list_price,
    orders.currency        AS currency,
    orders.changed_at      AS changed_at
FROM positions
JOIN orders ON orders.order_number = positions.order_number
JOIN articles ON articles.article = positions.article
WHERE orders.changed_at >= CAST(:since AS timestamp)
