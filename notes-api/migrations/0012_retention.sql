-- For how long the content of a call is kept, what keeps it longer, and what became of it (docs/decisions/0040).
ALTER TABLE calls ADD COLUMN first_ms     BIGINT;           -- when the server first heard of it; NULL: before there was retention
ALTER TABLE calls ADD COLUMN retention_ms BIGINT DEFAULT 0; -- when retention looks at it next; NULL: nothing is left that falls due
CREATE INDEX calls_by_retention ON calls (retention_ms);

-- Why there is a tombstone: discard, because the citizen objected; erasure, because an administrator said so.
ALTER TABLE tombstones ADD COLUMN cause TEXT NOT NULL DEFAULT 'discard';

-- The version of an area that every call of the area was looked at with.
ALTER TABLE areas_in_force ADD COLUMN retention_version TEXT;

-- What was erased of a call. No content.
CREATE TABLE receipts (
    call          TEXT   NOT NULL REFERENCES calls (call),
    receipt       BIGINT NOT NULL, -- 1, 2, …
    kind          TEXT   NOT NULL, -- transcript, drafts, edit, note, activity, identifiers, events, figures
    cause         TEXT   NOT NULL, -- retention, discard, erasure
    erased_ms     BIGINT NOT NULL,
    erased_by     TEXT   NOT NULL,
    erased_rows   BIGINT NOT NULL, -- taken out, or emptied
    due_ms        BIGINT,          -- by its term; NULL: no term was asked
    days          BIGINT,          -- the term
    area_version  TEXT,            -- that says so; NULL: no area does, and it is this program's own
    reason        TEXT,            -- an administrator's
    PRIMARY KEY (call, receipt)
);
CREATE INDEX receipts_by_time ON receipts (erased_ms);

-- Legal holds: as long as one of them is not released, nothing of the call is erased.
CREATE TABLE holds (
    call            TEXT   NOT NULL REFERENCES calls (call),
    hold            BIGINT NOT NULL, -- 1, 2, …
    reason          TEXT   NOT NULL,
    set_by          TEXT   NOT NULL,
    set_ms          BIGINT NOT NULL,
    release_reason  TEXT,
    released_by     TEXT,
    released_ms     BIGINT,
    PRIMARY KEY (call, hold)
);

-- Which process sweeps, so that several do not do the same twice, and when it was done last.
CREATE TABLE sweeps (
    sweep      TEXT   NOT NULL PRIMARY KEY, -- retention
    holder     TEXT   NOT NULL,
    until_ms   BIGINT NOT NULL,             -- the lease
    ended_ms   BIGINT,                      -- the last whole sweep
    wiped_ms   BIGINT                       -- what was erased before is no longer in the database's files either
);
