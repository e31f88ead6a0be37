-- Who may enrol, which certificates were issued, and which of them are refused (docs/decisions/0023). No key is here.

CREATE TABLE enrolment_codes (
    code        TEXT   NOT NULL PRIMARY KEY, -- SHA-256 of the secret part, hex
    role        TEXT   NOT NULL,             -- caseworker, pipeline
    subject     TEXT   NOT NULL,
    names       TEXT   NOT NULL,             -- JSON: DNS names and addresses, for a pipeline
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL,
    used_ms     BIGINT
);

CREATE TABLE certificates (
    serial      TEXT   NOT NULL PRIMARY KEY, -- hex
    role        TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    names       TEXT   NOT NULL,             -- JSON
    issued_ms   BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL,
    renews      TEXT                         -- the serial number it took the place of; NULL: enrolled by a code
);
CREATE INDEX certificates_by_subject ON certificates (role, subject);

-- One certificate, or with serial = '' every certificate of somebody, until a new code is made for them.
CREATE TABLE revocations (
    role        TEXT   NOT NULL, -- '' where only the serial number is known
    subject     TEXT   NOT NULL,
    serial      TEXT   NOT NULL,
    revoked_ms  BIGINT NOT NULL,
    PRIMARY KEY (role, subject, serial)
);
CREATE INDEX revocations_by_serial ON revocations (serial);
