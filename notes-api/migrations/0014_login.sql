-- Who is logged in and by what right, logins under way, codes of case systems, calls handed over (docs/decisions/0043).

ALTER TABLE sessions ADD COLUMN how      TEXT   NOT NULL DEFAULT 'token'; -- token, login, launch
ALTER TABLE sessions ADD COLUMN rights   TEXT   NOT NULL DEFAULT '';      -- JSON; '': all
ALTER TABLE sessions ADD COLUMN until_ms BIGINT NOT NULL DEFAULT 0;       -- 0: twelve hours after created_ms
ALTER TABLE sessions ADD COLUMN seen_ms  BIGINT NOT NULL DEFAULT 0;       -- the last request, to the minute

-- Between the way to the provider and the way back.
CREATE TABLE logins (
    state       TEXT   NOT NULL PRIMARY KEY, -- SHA-256, hex
    nonce       TEXT   NOT NULL,
    verifier    TEXT   NOT NULL,             -- of PKCE
    created_ms  BIGINT NOT NULL
);

-- From a case system, for a minute and once.
CREATE TABLE launch_codes (
    code        TEXT   NOT NULL PRIMARY KEY, -- SHA-256, hex
    case_system TEXT   NOT NULL,
    person      TEXT   NOT NULL,
    case_id     TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL
);

-- Who sees a call that is not theirs.
CREATE TABLE handovers (
    call        TEXT   NOT NULL REFERENCES calls (call),
    person      TEXT   NOT NULL,
    handed_by   TEXT   NOT NULL,
    handed_ms   BIGINT NOT NULL,
    PRIMARY KEY (call, person)
);
CREATE INDEX handovers_by_person ON handovers (person, call);
CREATE INDEX calls_by_owner ON calls (owner, call);
CREATE INDEX calls_by_case ON calls (case_id);
