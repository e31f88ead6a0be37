import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lines } from '../src/transcript';
import type { GapReason, Track } from '../src/wire';

const none = { draft: null, utterances: [], gaps: [], notTranscribed: [], partials: { near: null, far: null } };
const gap = (track: Track, startMs: number, endMs: number, reason: GapReason = 'paused') => ({
  track,
  startMs,
  endMs,
  reason,
});

test('what was said and what is missing stand in order of time', () => {
  const found = lines({
    draft: null,
    utterances: [
      { track: 'near', start: 32_000, startMs: 2_000, endMs: 3_000, text: 'Ja.', echo: false },
      { track: 'far', start: 16_000, startMs: 1_000, endMs: 2_000, text: 'Hej.', echo: false },
    ],
    gaps: [gap('near', 1_500, 1_900)],
    notTranscribed: [{ track: 'far', startMs: 2_500, endMs: 2_900, reason: 'timed_out' }],
    partials: { near: null, far: { track: 'far', startMs: 3_000, text: 'og så' } },
  });
  assert.deepEqual(
    found.map(({ kind, track }) => `${kind} ${track}`),
    ['said far', 'gap near', 'said near', 'not_transcribed far', 'coming far'],
  );
});

test('a gap of both tracks is one line, and every gap is there', () => {
  const table: readonly [string, ReturnType<typeof gap>[], readonly string[]][] = [
    ['both at once', [gap('near', 0, 5_000), gap('far', 100, 5_200)], ['both']],
    ['other reasons', [gap('near', 0, 5_000), gap('far', 0, 5_000, 'asleep')], ['far', 'near']],
    ['other times', [gap('near', 0, 5_000), gap('far', 0, 9_000)], ['far', 'near']],
    ['one twin for one', [gap('near', 0, 5_000), gap('near', 200, 5_000), gap('far', 0, 5_000)], ['both', 'near']],
    ['the moment at the beginning', [gap('near', 0, 400, 'not_started')], []],
    ['a long beginning', [gap('near', 0, 1_400, 'not_started')], ['near']],
    ['a short gap of another reason', [gap('near', 0, 400, 'overrun')], ['near']],
  ];
  for (const [what, gaps, expected] of table) {
    assert.deepEqual(
      lines({ ...none, gaps })
        .map(({ track }) => track)
        .sort(),
      expected,
      what,
    );
  }
});
