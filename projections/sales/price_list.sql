-- One row is one product in one price book.
CREATE TABLE {schema}.price_list (
    ladder_id    uuid   NOT NULL,
    book_id      uuid,
    product_code text,
    prices       jsonb  NOT NULL,
    position     bigint NOT NULL,
    PRIMARY KEY (ladder_id)
);

-- serves GET the prices of a book, page by page after (product_code, ladder_id), and the products to be priced
CREATE INDEX price_list_by_book ON {schema}.price_list (book_id, product_code, ladder_id);
