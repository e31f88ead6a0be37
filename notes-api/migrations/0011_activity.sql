-- When a person was at a call, never what they did: stretches between which nothing was done for a second. Erased after 30 days
-- at the latest; what was counted from it stays in `corrections`.
CREATE TABLE activity (
    call       TEXT   NOT NULL REFERENCES calls (call),
    page       TEXT   NOT NULL, -- one page from load to unload, a random UUID
    number     BIGINT NOT NULL, -- 1, 2, … of the page
    clock_ms   BIGINT NOT NULL, -- the page's own clock when it sent this
    came_ms    BIGINT NOT NULL,
    stretches  TEXT   NOT NULL, -- JSON
    PRIMARY KEY (call, page, number)
);
CREATE INDEX activity_by_age ON activity (came_ms);

-- What it took to make the first version of a note from a draft. No content, and nobody's name.
CREATE TABLE corrections (
    call           TEXT   NOT NULL PRIMARY KEY REFERENCES calls (call),
    shown_ms       BIGINT NOT NULL,
    saved_ms       BIGINT NOT NULL,
    batches        BIGINT NOT NULL, -- of activity; 0: nobody knows how long a person was there
    active_5_ms    BIGINT NOT NULL, -- by cut-off in seconds
    active_15_ms   BIGINT NOT NULL,
    active_30_ms   BIGINT NOT NULL,
    active_60_ms   BIGINT NOT NULL,
    draft_words    BIGINT NOT NULL,
    saved_words    BIGINT NOT NULL,
    changed_words  BIGINT NOT NULL,
    kept_words     BIGINT NOT NULL
);
