// The figures of the pane: how soon what happened is painted, what axe finds, what hostile texts do, how many keys a note takes.
//
// Out: one line of JSON on standard output; `make bench-pane` writes it down. A step that goes wrong ends it with an error.

import { looked } from './axe.mjs';
import { until } from './browser.mjs';
import { DRAFT, TURNS } from './given.mjs';
import { shown } from './hostile.mjs';
import { painted } from './painted.mjs';
import { PAYLOADS } from './payloads.mjs';
import { field, inState, story, talk, theEnd } from './story.mjs';

const figures = {};

await story('paint', async (world) => {
  const { events, keys } = await painted(world);
  Object.assign(figures, { paint_ms: events, key_paint_ms: keys });
});

await story('axe', async (world) => {
  const { faults, looks } = await looked(world);
  Object.assign(figures, { axe_violations: faults.length, axe_looks: looks });
});

await story('hostile', async (world) => {
  const { executed, out } = await shown(world);
  Object.assign(figures, { payloads: PAYLOADS.length, payloads_executed: executed, payloads_requests: out.length });
});

await story('keys', async ({ fake, page }) => {
  const call = fake.begin({ agoMs: 252_000 });
  talk(fake, call, TURNS);
  fake.hangUp(call, 252_000);
  fake.draft(call);
  for (const sentence of DRAFT) fake.sentence(call, ...sentence);
  fake.finish(call);
  await inState(page, 'Udkast klar');
  await field(page, 'reason').waitFor();
  // Counted in the page: a key that is only held is part of the chord of the next.
  await page.evaluate(() => {
    globalThis.chords = 0;
    addEventListener(
      'keydown',
      ({ key }) => {
        if (!['Control', 'Alt', 'Shift', 'Meta'].includes(key)) globalThis.chords += 1;
      },
      { capture: true },
    );
  });
  await page.keyboard.press('Control+Enter');
  await until('the note', () => call.notes.length === 1);
  figures.keys_to_save = await page.evaluate(() => globalThis.chords);
});

await theEnd();
const failed = ['paint_ms', 'axe_violations', 'payloads', 'keys_to_save'].filter((key) => figures[key] === undefined);
if (failed.length > 0) throw new Error(`not measured: ${failed.join(', ')}`);
process.stdout.write(`${JSON.stringify(figures)}\n`);
