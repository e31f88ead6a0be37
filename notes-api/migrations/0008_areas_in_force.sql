-- Which version of an area holds, so that a broken file after a restart does not take it away, and since when.
CREATE TABLE areas_in_force (
    area      TEXT   NOT NULL PRIMARY KEY,
    version   TEXT   NOT NULL REFERENCES area_versions (version),
    since_ms  BIGINT NOT NULL
);
