-- One row is a word of the interface: its list, the code that stands in facts, and what people call it in each language.
SELECT
    list,
    code,
    en,
    ru
FROM given_label
