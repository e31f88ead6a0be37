// When a person was at a call goes to the server while they correct, and before a save; what they did never does.

import { same, until } from './browser.mjs';
import { field, inState, ready, story } from './story.mjs';

await story('activity', async ({ fake, page }) => {
  fake.refuseActivity = true;
  const call = await ready(fake, page);
  await until('the draft is reported', async () => call.shownMs !== undefined);
  await field(page, 'information').press('End');
  await field(page, 'information').pressSequentially(' Varmen betales for sig.', { delay: 40 });
  await page.keyboard.press('Control+Enter');
  await inState(page, 'Notat gemt');
  same(call.activity, undefined, 'a server that does not take it is no reason not to save');
});

await story('activity-told', async ({ fake, page }) => {
  const call = await ready(fake, page);
  await until('the draft is reported', async () => call.shownMs !== undefined);
  await field(page, 'information').press('End');
  await field(page, 'information').pressSequentially(' Varmen betales for sig.', { delay: 40 });
  await page.keyboard.press('Control+Enter');
  await inState(page, 'Notat gemt');
  const told = call.activity.flatMap(({ stretches }) => stretches);
  const [first] = call.activity;
  same(Object.keys(first).sort().join(), 'clock_ms,number,page,stretches', 'all that is told');
  same(Object.keys(told[0]).sort().join(), 'from_ms,left,to_ms', 'all that is told of a stretch');
  const long = told.reduce((sum, { from_ms, to_ms }) => sum + to_ms - from_ms, 0);
  if (long < 500 || long > call.activity.at(-1).clock_ms) throw new Error(`${long} ms of activity`);
  const batches = call.activity.length;
  // After the save it is nobody's business.
  await page.mouse.move(20, 300);
  await page.mouse.move(80, 320);
  await new Promise((resolve) => setTimeout(resolve, 500));
  same(call.activity.length, batches, 'batches');
});
