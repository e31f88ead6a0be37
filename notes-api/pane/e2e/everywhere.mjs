// What holds in every state: no fault that axe finds, nothing lost when enlarged; and of every text: it is no more than text.

import { looked } from './axe.mjs';
import { same } from './browser.mjs';
import { shown } from './hostile.mjs';
import { field, ready, story } from './story.mjs';

await story('axe', async ({ shot, ...world }) => {
  const { faults } = await looked(world, { each: (name, page) => shot(name, page) });
  if (faults.length === 0) return;
  const found = new Map();
  for (const { where, what } of faults) found.set(what, [...(found.get(what) ?? []), where]);
  throw new Error([...found].map(([what, where]) => `${what}\n    in ${where.join(', ')}`).join('\n'));
});

await story('hostile', async ({ shot, ...world }) => {
  const { payloads, executed, out } = await shown(world);
  same(payloads >= 300, true, `${payloads} payloads`);
  same(executed, 0, 'texts that ran');
  same(out.join(), '', 'what was asked elsewhere');
  await shot('last');
});

await story('theme', async ({ fake, page, shot }) => {
  await ready(fake, page);
  const [main, text] = [page.getByRole('button', { name: 'Gem notat' }), field(page, 'reason')];
  const of = (one, name) => one.evaluate((element, name) => getComputedStyle(element)[name], name);
  const before = await of(main, 'backgroundColor');
  // As a host would: on the element, from a sheet of its own.
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('note-pane { --referent-act: rgb(90, 30, 110); --referent-size: 17px; }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  });
  same(before === 'rgb(90, 30, 110)', false, 'ours is another colour');
  same(await of(main, 'backgroundColor'), 'rgb(90, 30, 110)', 'the main button');
  same(await of(text, 'fontSize'), '17px', 'the size of the text');
  await shot('theirs');
});
