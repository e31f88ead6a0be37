-- What a person asked for when they asked for another draft.
ALTER TABLE drafts ADD COLUMN area_version TEXT;  -- of another area than the call's; NULL: the call's
ALTER TABLE drafts ADD COLUMN wish         TEXT;  -- in the person's words; NULL: none. Erased with the draft
