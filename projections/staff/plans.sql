-- One row is one plan.
CREATE TABLE {schema}.plans (
    plan_id           uuid   NOT NULL,
    staff_id          uuid,
    team_id           uuid,
    branch_id         uuid,
    begins_on         date,
    ends_on           date,
    targets           jsonb  NOT NULL,
    agreed_at         timestamptz,
    agreed_by         text,
    accepted_at       timestamptz,
    contested_at      timestamptz,
    contested_because text,
    withdrawn_at      timestamptz,
    closed_at         timestamptz,
    closed_position   bigint,
    version           bigint NOT NULL,
    position          bigint NOT NULL,
    PRIMARY KEY (plan_id)
);

-- serves GET /plans, the newest period first, and GET /my-counters: those whose period a day is in
CREATE INDEX plans_by_period ON {schema}.plans (ends_on, begins_on, plan_id);

-- serves GET /plans?staff=
CREATE INDEX plans_by_staff ON {schema}.plans (staff_id, ends_on, begins_on, plan_id);
