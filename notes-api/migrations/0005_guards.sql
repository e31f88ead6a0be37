-- What the guards say of a draft beside the flags on its sentences.
ALTER TABLE draft_sentences ADD COLUMN confirm TEXT;                          -- commitment, decision; NULL: neither
ALTER TABLE drafts          ADD COLUMN missing   TEXT NOT NULL DEFAULT '[]';  -- JSON
ALTER TABLE drafts          ADD COLUMN uncertain TEXT NOT NULL DEFAULT '[]';  -- JSON

-- What became of each flag when a note was saved. No content.
CREATE TABLE flags_resolved (
    call       TEXT   NOT NULL,
    draft      BIGINT NOT NULL,
    sentence   BIGINT NOT NULL,
    flag       BIGINT NOT NULL, -- 0, 1, … of the sentence
    kind       TEXT   NOT NULL,
    resolution TEXT   NOT NULL, -- kept, changed, removed, confirmed
    saved_ms   BIGINT NOT NULL,
    PRIMARY KEY (call, draft, sentence, flag)
);
