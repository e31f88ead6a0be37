-- What was read and changed, by whom, without content: links of chains (crate referent-audit). A chain belongs to one start of one
-- process, which may have several side by side, so that its writers do not wait for each other.
CREATE TABLE audit_chains (
    chain       TEXT   NOT NULL PRIMARY KEY,
    began_ms    BIGINT NOT NULL,
    links       BIGINT NOT NULL,
    hash        TEXT   NOT NULL -- of the last link
);

CREATE TABLE audit (
    chain       TEXT   NOT NULL REFERENCES audit_chains (chain),
    number      BIGINT NOT NULL, -- 1, 2, … without a hole
    at_ms       BIGINT NOT NULL,
    who         TEXT   NOT NULL,
    what        TEXT   NOT NULL,
    about       TEXT   NOT NULL,
    hash        TEXT   NOT NULL, -- of this and of all before it
    PRIMARY KEY (chain, number)
);
CREATE INDEX audit_about ON audit (about, at_ms);
