// Texts that want to be more than text: spoken, partly spoken, drafted, doubted, missing, as headings, as the number of a case,
// typed elsewhere, saved, compared. None runs, none fetches, and each can be read.

import { same, until } from './browser.mjs';
import { PAYLOADS, Watch } from './payloads.mjs';
import { field, inState, press, value } from './story.mjs';

/** As many go into each of five calls. */
const OF_ONE_CALL = Math.ceil(PAYLOADS.length / 5);
const SECTIONS = ['reason', 'information', 'agreed'];

/** How many texts were shown everywhere, how many ran, and what was asked elsewhere. */
export const shown = async ({ fake, page, context }) => {
  const watch = await Watch.over(context, new URL(page.url()).origin);
  await caught(context, watch);
  for (let from = 0; from < PAYLOADS.length; from += OF_ONE_CALL) {
    await one({ fake, page }, PAYLOADS.slice(from, from + OF_ONE_CALL));
  }
  return { payloads: PAYLOADS.length, executed: watch.executed, out: watch.out };
};

/** What is watched for would be seen: on a page that takes text for markup it is. */
const caught = async (context, watch) => {
  const careless = await context.newPage();
  await careless.evaluate(() => {
    document.body.innerHTML = '<img src=x onerror=executed()><img src=https://out.invalid/x>';
  });
  await until('the script and the request', () => watch.executed > 0 && watch.out.length > 0);
  await careless.close();
  [watch.executed, watch.out] = [0, []];
};

const one = async ({ fake, page }, texts) => {
  const at = (index) => texts[index % texts.length];
  const call = fake.begin({ caseId: at(0).slice(0, 200), area: at(1).slice(0, 200), agoMs: 60_000 });
  const before = await page.locator('.banner:not(.reminder) button').isVisible();
  same(before, false, 'a call that is offered');
  await until('the call', async () => (await page.locator('note-pane').getAttribute('call')) === call.id);
  for (const [index, text] of texts.entries()) fake.say(call, index % 2 === 0 ? 'far' : 'near', index * 900, text);
  // The call before may stand there still.
  const unread = async () => {
    const read = (await page.locator('.turn').allTextContents()).map(legible);
    return texts.find((text) => !read.some((line) => line.includes(legible(text))));
  };
  await until('every text, to be read', async () => (await unread()) === undefined);
  await until('the part of a sentence', async () => {
    // Who does not listen yet never hears of it.
    fake.partial(call, 'far', 60_000, at(2));
    return page.locator('.coming').isVisible();
  });
  fake.hangUp(call, 60_000);
  fake.draft(
    call,
    1,
    SECTIONS.map((id, index) => ({ id, heading: at(3 + index).slice(0, 300) })),
  );
  for (const [index, text] of texts.entries()) {
    const flags = index % 3 === 0 ? [{ kind: 'number', reason: 'other_value', said: at(index + 1) }] : [];
    fake.sentence(call, SECTIONS[index % 3], text, [[index % 2 === 0 ? 'far' : 'near', index * 900]], flags);
  }
  const missing = texts
    .slice(0, 8)
    .map((text, index) => [null, text, [index % 2 === 0 ? 'far' : 'near', index * 900], at(index + 2)]);
  fake.finish(call, { kind: 'llm', model: at(6), trouble: null }, { missing });
  await inState(page, 'Udkast klar');
  for (const number of await page.locator('.number').all()) {
    await number.evaluate((one) => one.click());
  }
  await page.keyboard.press('Alt+1');
  // Another window stores them too: both stand side by side.
  await page.route('**/edit', (route) => route.abort());
  await field(page, 'agreed').fill(texts.slice(0, 20).join('\n'));
  fake.elsewhere(call, { agreed: texts.slice(10, 30).join('\n') });
  await page.locator('.elsewhere').waitFor();
  await press(page, 'Behold begge');
  await page.unroute('**/edit');
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  await press(page, 'Ret notatet');
  await field(page, 'reason').fill(at(9));
  await press(page, 'Gem notat');
  await until('the second version', () => call.notes.length === 2);
  await inState(page, 'Notat gemt');
  await page.keyboard.press('Alt+v');
  await page.getByRole('dialog').waitFor();
  await page.getByLabel('Sammenlign med').selectOption('1');
  await page.keyboard.press('Escape');
  same(call.notes[1].sections.reason, at(9).replace(/\r\n?/g, '\n'), 'what was typed, as it was typed');
  same(await value(page, 'reason'), call.notes[1].sections.reason, 'what stands there');
};

/** Without what is shown by its number, and without blanks, whose lines the page breaks as it likes. */
const legible = (text) =>
  text.replace(/⟨U\+[0-9A-F]+⟩|[\p{C}\p{Z}\s\u115f\u1160\u3164]|\u034f|\ufe0f/gu, '').replaceAll('\ufffd', '');
