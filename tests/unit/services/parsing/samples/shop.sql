-- Items for sale.
CREATE TABLE items (
    id integer PRIMARY KEY,
    name text NOT NULL
);

CREATE INDEX items_name ON items (name);

CREATE VIEW cheap AS
SELECT * FROM items WHERE id < 10;

CREATE FUNCTION twice(x integer) RETURNS integer AS $$
    SELECT x * 2;
$$ LANGUAGE sql;

INSERT INTO items (id, name) VALUES (1, 'pen');
