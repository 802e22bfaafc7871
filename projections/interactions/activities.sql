-- One row is one touchpoint or task.
CREATE TABLE {schema}.activities (
    activity_id            uuid        NOT NULL,
    state                  text,
    channel                text,
    direction              text,
    staff_id               uuid,
    client_id              uuid,
    contact_id             uuid,
    deal_id                uuid,
    topic                  text,
    due_at                 timestamptz,
    held_at                timestamptz,
    cancelled_at           timestamptz,
    takes_place_at         timestamptz,
    result                 text,
    cancel_reason          text,
    call_status            text,
    contact_name           text,
    contact_data           text,
    is_offer               boolean     NOT NULL,
    was_planned            boolean     NOT NULL,
    date_unknown           boolean     NOT NULL,
    notes                  jsonb       NOT NULL,
    duration_minutes       bigint,
    place                  text,
    participant_staff_ids  uuid[]      NOT NULL,
    participant_client_ids uuid[]      NOT NULL,
    remind_at              timestamptz,
    reminded_at            timestamptz,
    -- facts from before it was known with whom it is: they are in that one's story all the same
    before_client          bigint[],
    before_contact         bigint[],
    version                bigint      NOT NULL,
    position               bigint      NOT NULL,
    PRIMARY KEY (activity_id)
);

-- serves GET /activities: all of them, page by page before (takes_place_at, activity_id)
CREATE INDEX activities_by_time ON {schema}.activities (takes_place_at, activity_id);

-- serves GET /activities?staff=
CREATE INDEX activities_by_staff ON {schema}.activities (staff_id, takes_place_at, activity_id);

-- serves GET /activities?client=: those with the client
CREATE INDEX activities_by_client ON {schema}.activities (client_id, takes_place_at, activity_id);

-- serves GET /activities?client=: those with the client as contact person; ?contact=, and what is planned with one
CREATE INDEX activities_by_contact ON {schema}.activities (contact_id, takes_place_at, activity_id)
WHERE contact_id IS NOT NULL;

-- serves GET /clients and GET /clients/<id>: what touched a client; and GET /clients?untouched_since=
CREATE INDEX activities_touching ON {schema}.activities (client_id, takes_place_at, activity_id)
INCLUDE (channel, direction)
WHERE state = 'held' AND channel <> 'task' AND call_status IS DISTINCT FROM 'misdial';

-- serves the same: what touched a contact person
CREATE INDEX activities_touching_contact ON {schema}.activities (contact_id, takes_place_at, activity_id)
INCLUDE (channel, direction)
WHERE contact_id IS NOT NULL AND client_id IS DISTINCT FROM contact_id
    AND state = 'held' AND channel <> 'task' AND call_status IS DISTINCT FROM 'misdial';

-- serves GET /clients/<id>/timeline: what began before it was known that it is with this client
CREATE INDEX activities_before_client ON {schema}.activities (client_id) WHERE before_client IS NOT NULL;

-- serves GET /clients/<id>/timeline: and with this contact person
CREATE INDEX activities_before_contact ON {schema}.activities (contact_id) WHERE before_contact IS NOT NULL;

-- serves GET /activities?deal=
CREATE INDEX activities_by_deal ON {schema}.activities (deal_id, takes_place_at, activity_id)
WHERE deal_id IS NOT NULL;

-- serves GET /activities?direction=inbound where few or none match
CREATE INDEX activities_inbound ON {schema}.activities (takes_place_at, activity_id) WHERE direction = 'inbound';

-- serves GET /activities?is_offer=true: few of all
CREATE INDEX activities_with_offer ON {schema}.activities (takes_place_at, activity_id) WHERE is_offer;

-- serves a card's next activity, and GET /clients?without_next_step=
CREATE INDEX activities_planned ON {schema}.activities (client_id, due_at, activity_id) WHERE state = 'planned';

-- serves GET /activities?state=&channel=: in order; and either of them where few or none match
CREATE INDEX activities_by_state ON {schema}.activities (state, channel, takes_place_at, activity_id);

-- serves GET /my-day: what a staff member has due and overdue
CREATE INDEX activities_due ON {schema}.activities (staff_id, due_at, activity_id) WHERE state = 'planned';

-- serves GET /my-day: incoming calls that wait for their one click
CREATE INDEX activities_unclassified ON {schema}.activities (staff_id, held_at, activity_id)
WHERE state = 'held' AND channel = 'call' AND direction = 'inbound' AND call_status IS NULL;

-- serves GET /activities?participant=: few activities have participants
CREATE INDEX activities_by_participant ON {schema}.activities
USING gin ((participant_staff_ids || participant_client_ids))
WHERE participant_staff_ids || participant_client_ids <> '{}';
