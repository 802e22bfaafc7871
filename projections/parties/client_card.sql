-- One row is one client as known now.
CREATE TABLE {schema}.client_card (
    client_id      uuid        NOT NULL,
    kind           text,
    name           text,
    -- what lists are sorted by, code point by code point (infra.words)
    name_sort      text,
    -- what search by name looks into: words, endings of their skeletons and forms that lack a letter (infra.names.search)
    name_terms     tsvector    NOT NULL,
    -- 'phone:+79161234567', 'line:+74951234567' (of an extension), 'email:ann@example.org', 'tax_id:7707083893':
    -- what exact search looks into
    identity_keys  text[]      NOT NULL,
    contact_points jsonb       NOT NULL,
    tax_id         text,
    -- from where, and how surely, name, tax number, КПП and ОГРН are known; the latter two stand here themselves
    told           jsonb       NOT NULL DEFAULT '{}',
    -- what is to be looked at: name, phone, email, tax_id
    doubts         text[]      NOT NULL DEFAULT '{}',
    profile        jsonb       NOT NULL,
    parent_id      uuid,
    owner_id       uuid,
    owned_since    timestamptz,
    lifecycle      text,
    archived_at    timestamptz,
    registered_at  timestamptz,
    date_unknown   boolean     NOT NULL,
    source         text,
    external_id    text,
    data_notices   jsonb       NOT NULL,
    version        bigint      NOT NULL,
    -- who answers for the client, if it turned out to be another one: no list shows it then
    survivor_id    uuid,
    -- what is the client's own, and what those brought who turned out to be it
    joined         jsonb,
    position       bigint      NOT NULL,
    PRIMARY KEY (client_id)
);

-- a hundred words that many names share are enough to know; each question compares its own with all of them
ALTER TABLE {schema}.client_card ALTER name_terms SET STATISTICS 10;

-- serves GET /clients: everybody by name, page by page after (name_sort, client_id); who sees a part is led past the
-- clients of others by the owner, in place of whom the greatest id stands where a client is nobody's
CREATE INDEX client_card_by_name ON {schema}.client_card
    (name_sort, client_id, coalesce(owner_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid));

-- serves GET /clients?owner=: one manager's clients by name, page by page
CREATE INDEX client_card_by_owner ON {schema}.client_card (owner_id, name_sort, client_id);

-- serves GET /clients?stage=: clients in one state of the relationship by name, page by page
CREATE INDEX client_card_by_lifecycle ON {schema}.client_card (lifecycle, name_sort, client_id);

-- serves GET /clients?kind=&stage=: in order; and ?kind= where few or none match
CREATE INDEX client_card_by_kind ON {schema}.client_card (kind, lifecycle, name_sort, client_id);

-- serves GET /clients?registered_from=&registered_to=&sort=registered, page by page
CREATE INDEX client_card_by_registration ON {schema}.client_card (registered_at, client_id);

-- serves GET /clients?archived=true: few of all
CREATE INDEX client_card_archived ON {schema}.client_card (name_sort, client_id) WHERE archived_at IS NOT NULL;

-- serves GET /clients?data_notice=false: who is still to be told how their data are kept, by name, page by page
CREATE INDEX client_card_not_told ON {schema}.client_card (name_sort, client_id) WHERE data_notices = '[]'::jsonb;

-- serves GET /clients?data_notice=true: few of all, until most were told
CREATE INDEX client_card_told ON {schema}.client_card (name_sort, client_id) WHERE data_notices <> '[]'::jsonb;

-- serves GET /clients?q=: name_terms @@ '''=ромаш'':* & ''=мос'':*'; the terms come as they are, so no dictionary and no
-- locale has a say
CREATE INDEX client_card_by_name_term ON {schema}.client_card USING gin (name_terms);

-- serves GET /clients?doubt=: few of all, by name, page by page
CREATE INDEX client_card_doubted ON {schema}.client_card (name_sort, client_id) WHERE doubts <> '{}';

-- serves POST /clients/search: identity_keys && ARRAY['phone:+79161234567']
CREATE INDEX client_card_by_identity ON {schema}.client_card USING gin (identity_keys);

-- serves a card's list of subsidiaries
CREATE INDEX client_card_by_parent ON {schema}.client_card (parent_id) WHERE parent_id IS NOT NULL;
