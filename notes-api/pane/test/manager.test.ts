import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANGUAGES } from '../src/catalogue';
import { MANAGER_WORDS } from '../src/manager-catalogue';
import { corrections, OUTCOMES } from '../src/manager-wire';
import { BadMessage } from '../src/wire';

const times = { n: 40, p25_s: 30, p50_s: 60, p75_s: 90, p90_s: 120, p95_s: 150 };
const figures = {
  n: 50,
  active_correction: { ...times, share_under_120_s: 0.9, sensitivity_p50_s: { 5: 40, 15: 60, 30: null, 60: 80 } },
  hang_up_to_whole_draft: { ...times, p50_s: null },
  whole_draft_bins: [
    { up_to: 5, n: 30 },
    { up_to: null, n: 10 },
  ],
  edits: { edit_ratio_bins: [{ up_to: 0, n: 40 }], rubber_stamp_share: null },
  outcomes: Object.fromEntries(OUTCOMES.map((outcome, at) => [outcome, at])),
};
const body = {
  persons: 7,
  ...figures,
  groups: [{ key: '2026-W10', persons: 7, figures, models: ['m'], templates: [] }],
  cells_left_out: 2,
};

test('figures are read whole, and what is hidden is null', () => {
  const read = corrections(body);
  assert.deepEqual(
    [read.persons, read.cellsLeftOut, read.figures.active.p25, read.figures.active.under],
    [7, 2, 30, 0.9],
  );
  assert.deepEqual(read.figures.active.sensitivity, { 5: 40, 15: 60, 30: null, 60: 80 });
  assert.equal(read.figures.wholeDraft.p50, null);
  assert.deepEqual(read.figures.wholeDraftBins[1], { upTo: null, n: 10 });
  assert.equal(read.figures.outcomes.discarded, 6);
  assert.deepEqual(read.groups[0]?.models, ['m']);
});

test('what lacks a field is refused by its name', () => {
  for (const field of ['n', 'active_correction', 'edits', 'outcomes', 'groups', 'persons', 'whole_draft_bins']) {
    assert.throws(
      () => corrections({ ...body, [field]: undefined }),
      (error) => error instanceof BadMessage && error.message.includes(`"${field}"`),
      field,
    );
  }
});

test('every outcome has words, in both languages', () => {
  for (const language of LANGUAGES) {
    for (const outcome of OUTCOMES) assert.ok(MANAGER_WORDS[language].outcome[outcome]);
  }
});
