-- What leaves: every version of a note, in the order in which the versions became visible, and who has it already. No text is
-- kept here: what is sent or pulled is built from the note when it goes.

-- How many changes there are. Whoever adds one holds this row until it commits, so that a number is never visible before a
-- smaller one (docs/decisions/0041).
CREATE TABLE note_changes_count (
    one    BIGINT NOT NULL PRIMARY KEY, -- 1
    count  BIGINT NOT NULL
);

CREATE TABLE note_changes (
    number       BIGINT NOT NULL PRIMARY KEY, -- 1, 2, … without a hole
    event        TEXT   NOT NULL,             -- saved, withdrawn
    call         TEXT   NOT NULL,
    note         TEXT   NOT NULL,
    part         BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    case_id      TEXT,                        -- as it was then; erased with the note
    occurred_ms  BIGINT NOT NULL,
    erased_ms    BIGINT,                      -- since when the note is neither sent nor pulled, whatever is left of its rows
    UNIQUE (note, version, event)
);
CREATE INDEX note_changes_by_call ON note_changes (call);

-- Notes of before can be pulled, and are sent to nobody.
INSERT INTO note_changes (number, event, call, note, part, version, case_id, occurred_ms)
    SELECT ROW_NUMBER() OVER (ORDER BY v.saved_ms, v.note, v.version), 'saved', n.call, v.note, n.part, v.version, c.case_id,
           v.saved_ms
    FROM note_versions v JOIN notes n ON n.note = v.note JOIN calls c ON c.call = n.call;
INSERT INTO note_changes_count (one, count) SELECT 1, COUNT(*) FROM note_changes;

-- Where notes go, as the configuration names it.
CREATE TABLE destinations (
    destination      TEXT   NOT NULL PRIMARY KEY,
    takes_saved      BIGINT NOT NULL,
    takes_withdrawn  BIGINT NOT NULL,
    removed_ms       BIGINT,                  -- since when no configuration names it
    disabled_ms      BIGINT,                  -- since when nothing is sent
    disabled_why     TEXT,                    -- gone: it answered 410; administrator
    failures         BIGINT NOT NULL DEFAULT 0, -- in a row, of the destination as a whole
    resume_ms        BIGINT NOT NULL DEFAULT 0  -- nothing is sent before
);

CREATE TABLE outbox (
    delivery        TEXT   NOT NULL PRIMARY KEY, -- webhook-id
    destination     TEXT   NOT NULL,
    number          BIGINT NOT NULL REFERENCES note_changes (number),
    note            TEXT   NOT NULL,
    state           TEXT   NOT NULL, -- waiting, sending, delivered, dead, withdrawn
    attempts        BIGINT NOT NULL, -- all that were begun; the last one holds the lease
    failures        BIGINT NOT NULL, -- since `since_ms`
    since_ms        BIGINT NOT NULL, -- when its days began
    due_ms          BIGINT NOT NULL, -- not sent before
    lease_until_ms  BIGINT NOT NULL,
    done_ms         BIGINT,
    UNIQUE (destination, number)
);
-- Four times a second somebody asks what is due, and it is mostly nothing of all that is still listed.
CREATE INDEX outbox_by_due ON outbox (destination, state, due_ms, number);
CREATE INDEX outbox_by_done ON outbox (destination, done_ms);
CREATE INDEX outbox_by_note ON outbox (note, destination, number);
CREATE INDEX outbox_by_number ON outbox (number, destination);

-- What became of each attempt, without content.
CREATE TABLE delivery_attempts (
    delivery  TEXT   NOT NULL REFERENCES outbox (delivery),
    attempt   BIGINT NOT NULL, -- 1, 2, …
    at_ms     BIGINT NOT NULL,
    took_ms   BIGINT,
    status    BIGINT,          -- of HTTP, if there was an answer
    outcome   TEXT   NOT NULL, -- sending, delivered, refused, redirected, gone, timeout, no_connection, broken, unknown
    PRIMARY KEY (delivery, attempt)
);
