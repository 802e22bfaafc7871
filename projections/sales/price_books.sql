-- One row is one price book.
CREATE TABLE {schema}.price_books (
    book_id   uuid        NOT NULL,
    name      text,
    currency  text,
    tax_mode  text,
    editions  jsonb       NOT NULL,
    opened_at timestamptz,
    closed_at timestamptz,
    version   bigint      NOT NULL,
    position  bigint      NOT NULL,
    PRIMARY KEY (book_id)
);

-- serves GET /price-books, page by page after (name, book_id)
CREATE INDEX price_books_by_name ON {schema}.price_books (name, book_id);
