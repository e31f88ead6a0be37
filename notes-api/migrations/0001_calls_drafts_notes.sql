-- One set of tables for SQLite and PostgreSQL, in the subset that both understand:
-- ids and JSON are TEXT, times are BIGINT milliseconds on this server's clock unless a column says otherwise,
-- offsets are BIGINT samples of call time, flags are BIGINT 0 or 1. Words: docs/glossary.md.

CREATE TABLE area_versions (
    version        TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the settings
    area           TEXT   NOT NULL,
    settings       TEXT   NOT NULL,             -- JSON
    first_seen_ms  BIGINT NOT NULL
);

CREATE TABLE calls (
    call                 TEXT   NOT NULL PRIMARY KEY, -- UUIDv7, made by the agent
    owner                TEXT   NOT NULL,             -- the first identity that began it
    area                 TEXT   NOT NULL,
    area_version         TEXT   NOT NULL REFERENCES area_versions (version),
    external_id          TEXT,
    case_id              TEXT,
    continues            TEXT,
    direction            TEXT   NOT NULL,
    mode                 TEXT   NOT NULL,
    started_ms           BIGINT NOT NULL,             -- the PC's wall clock
    started_utc_offset_s BIGINT NOT NULL,
    state                TEXT   NOT NULL,             -- live, out_of_contact, ended, complete, discarded
    epoch                BIGINT NOT NULL,             -- grows with each Began
    worker               TEXT   NOT NULL,             -- who began it last
    holder               TEXT,                        -- the notes-api process that has its ingest stream
    began_ms             BIGINT NOT NULL,             -- the last Began
    contact_lost_ms      BIGINT,                      -- since when no stream brings anything
    ended_ms             BIGINT,                      -- when the hang-up came in
    hang_up_ms           BIGINT,                      -- when it happened: ended_ms less its age
    hang_up_reason       TEXT,
    offline_at_hang_up   BIGINT NOT NULL DEFAULT 0,   -- it happened before the stream that reported it
    trouble              TEXT,                        -- what the timer has to say
    timer_ms             BIGINT,                      -- when the timer looks next
    sequence             BIGINT NOT NULL              -- of the last event
);
CREATE INDEX calls_by_start ON calls (started_ms);
CREATE INDEX calls_by_timer ON calls (timer_ms);
CREATE INDEX calls_by_hang_up ON calls (hang_up_ms);
CREATE INDEX calls_by_holder ON calls (holder);

CREATE TABLE tracks (
    call        TEXT   NOT NULL REFERENCES calls (call),
    track       TEXT   NOT NULL, -- near, far
    settled     BIGINT NOT NULL, -- everything before it is in `settles`
    end_offset  BIGINT,          -- known from the hang-up
    PRIMARY KEY (call, track)
);

-- The chain: the rows of one track join without hole or overlap.
CREATE TABLE settles (
    call          TEXT   NOT NULL REFERENCES calls (call),
    track         TEXT   NOT NULL,
    from_offset   BIGINT NOT NULL,
    to_offset     BIGINT NOT NULL,
    kind          TEXT   NOT NULL, -- utterance, quiet, suppressed, gap, not_transcribed
    reason        TEXT,
    speech_start  BIGINT,
    speech_end    BIGINT,
    text          TEXT,
    words         TEXT,            -- JSON
    probability   DOUBLE PRECISION,
    PRIMARY KEY (call, track, from_offset)
);

CREATE TABLE events (
    call      TEXT   NOT NULL REFERENCES calls (call),
    sequence  BIGINT NOT NULL, -- 1, 2, … without a hole
    kind      TEXT   NOT NULL,
    json      TEXT   NOT NULL,
    PRIMARY KEY (call, sequence)
);

CREATE TABLE commands (
    command     TEXT   NOT NULL PRIMARY KEY,
    call        TEXT   NOT NULL REFERENCES calls (call),
    kind        TEXT   NOT NULL, -- pause, resume, discard
    created_ms  BIGINT NOT NULL,
    done_ms     BIGINT
);
CREATE INDEX commands_by_call ON commands (call);

CREATE TABLE tombstones (
    call          TEXT   NOT NULL PRIMARY KEY REFERENCES calls (call),
    discarded_ms  BIGINT NOT NULL,
    discarded_by  TEXT   NOT NULL,
    note_kept     BIGINT NOT NULL
);

CREATE TABLE drafts (
    call               TEXT   NOT NULL REFERENCES calls (call),
    draft              BIGINT NOT NULL, -- 1, 2, …
    attempt            BIGINT NOT NULL, -- the one whose sentences count
    state              TEXT   NOT NULL, -- streaming, ready, failed, superseded
    failure            TEXT,
    cause              TEXT   NOT NULL, -- hang_up, provisional, again
    provisional        BIGINT NOT NULL, -- the call was out of contact, not complete
    origin             TEXT,            -- JSON
    covers_near        BIGINT NOT NULL,
    covers_far         BIGINT NOT NULL,
    lines_not_parsed   BIGINT NOT NULL DEFAULT 0,
    created_ms         BIGINT NOT NULL,
    first_sentence_ms  BIGINT,
    whole_ms           BIGINT,
    PRIMARY KEY (call, draft)
);

CREATE TABLE draft_jobs (
    call            TEXT   NOT NULL REFERENCES calls (call),
    draft           BIGINT NOT NULL,
    attempt         BIGINT NOT NULL,
    state           TEXT   NOT NULL, -- free, leased, done
    worker          TEXT,
    lease_until_ms  BIGINT,
    free_since_ms   BIGINT NOT NULL,
    PRIMARY KEY (call, draft)
);
CREATE INDEX draft_jobs_by_state ON draft_jobs (state, lease_until_ms);

CREATE TABLE draft_sentences (
    call      TEXT   NOT NULL REFERENCES calls (call),
    draft     BIGINT NOT NULL,
    attempt   BIGINT NOT NULL,
    sentence  BIGINT NOT NULL, -- 0, 1, … over the whole draft
    section   TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    evidence  TEXT   NOT NULL, -- JSON
    flags     TEXT   NOT NULL, -- JSON
    PRIMARY KEY (call, draft, attempt, sentence)
);

CREATE TABLE draft_shown (
    call      TEXT   NOT NULL REFERENCES calls (call),
    draft     BIGINT NOT NULL,
    shown_ms  BIGINT NOT NULL,
    PRIMARY KEY (call, draft)
);

CREATE TABLE edits (
    call       TEXT   NOT NULL PRIMARY KEY REFERENCES calls (call),
    revision   BIGINT NOT NULL, -- 1, 2, …
    draft      BIGINT,
    sections   TEXT   NOT NULL, -- JSON
    edited_ms  BIGINT NOT NULL
);

CREATE TABLE notes (
    note        TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    call        TEXT   NOT NULL REFERENCES calls (call),
    part        BIGINT NOT NULL,             -- 1; more when a call is about more than one case
    version     BIGINT NOT NULL,             -- the newest
    created_ms  BIGINT NOT NULL,
    UNIQUE (call, part)
);

CREATE TABLE note_versions (
    note           TEXT   NOT NULL REFERENCES notes (note),
    version        BIGINT NOT NULL, -- 1, 2, …; never changed
    save_id        TEXT   NOT NULL UNIQUE,
    sections       TEXT   NOT NULL, -- JSON
    draft          BIGINT,
    edit_revision  BIGINT,
    saved_ms       BIGINT NOT NULL,
    saved_by       TEXT   NOT NULL,
    correction_ms  BIGINT,          -- first draft shown to first save
    PRIMARY KEY (note, version)
);

CREATE TABLE sessions (
    session     TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of what the browser holds
    person      TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL
);

-- notes-api processes that are alive; a call whose holder is not among them is out of contact.
CREATE TABLE holders (
    holder   TEXT   NOT NULL PRIMARY KEY,
    seen_ms  BIGINT NOT NULL
);
