-- Which PCs are there through which notes-api, so that the pages of the others know of them (docs/decisions/0030). Written when
-- something changes, not at every heartbeat; a row of a process that is gone counts for nothing.
CREATE TABLE presences (
    identity    TEXT   NOT NULL,
    agent       TEXT   NOT NULL, -- which start of which PC's agent
    holder      TEXT   NOT NULL, -- the process with its stream, as in holders
    state       TEXT,            -- what it says it does; NULL: nothing yet
    since_ms    BIGINT NOT NULL,
    is_silent   BIGINT NOT NULL, -- 1: its stream lasts, and nothing comes
    PRIMARY KEY (identity, agent)
);
