-- Where on the far track the sound begins that a near utterance repeats through a loudspeaker, in samples of call time;
-- NULL: the caseworker's own words.
ALTER TABLE settles ADD COLUMN echo_of BIGINT;
