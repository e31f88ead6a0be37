-- Whom the holder of a certificate trusts, so that an authority is replaced only when nobody is left out: the authorities that
-- were handed out with it, the one that signed it first, each by the first 8 bytes of its SHA-256 in hex. Empty before this.
ALTER TABLE certificates ADD COLUMN authorities TEXT NOT NULL DEFAULT '';
