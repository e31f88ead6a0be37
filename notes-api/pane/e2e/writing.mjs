// What a person writes, and takes back: undo, back to the draft, versions, what is stored where, two minds in two windows.

import { same, until } from './browser.mjs';
import { TOKEN } from './fake.mjs';
import { DRAFT } from './given.mjs';
import { drafted, field, inState, press, ready, story, talk, value } from './story.mjs';

const focused = (page) =>
  page.evaluate(() => document.querySelector('note-pane').shadowRoot.activeElement?.getAttribute('data-section'));

const draftOf = (section) =>
  DRAFT.filter(([of]) => of === section)
    .map(([, text]) => text)
    .join('\n');

await story('undo', async ({ fake, page }) => {
  const call = await ready(fake, page);
  const before = await value(page, 'agreed');
  await field(page, 'agreed').press('Control+End');
  await page.keyboard.type(' Jeg ringer.');
  await until('the edit', () => call.edit?.sections.agreed?.endsWith('Jeg ringer.'));
  await page.keyboard.press('Control+z');
  same(await value(page, 'agreed'), before, 'after one step back');
  await page.keyboard.press('Control+y');
  same(await value(page, 'agreed'), `${before} Jeg ringer.`, 'after one step forward');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+Shift+Z');
  same(await value(page, 'agreed'), `${before} Jeg ringer.`, 'forward by the other key');
  // A step in another section brings the caret there.
  await field(page, 'reason').fill('Noget andet.');
  await field(page, 'agreed').focus();
  await page.keyboard.press('Control+z');
  same(await value(page, 'reason'), DRAFT[0][1], 'the other section');
  same(await focused(page), 'reason', 'where the caret is');
  // Back to the draft, by section and as a whole; that too can be undone.
  await field(page, 'information').fill('Mit.');
  await page.keyboard.press('Alt+g');
  same(await value(page, 'information'), draftOf('information'), 'back to the draft');
  await page.keyboard.press('Control+z');
  same(await value(page, 'information'), 'Mit.', 'back from the draft');
  await page.keyboard.press('Alt+a');
  same(await value(page, 'agreed'), draftOf('agreed'), 'all of it is the draft again');
  await until('the edit', () => call.edit?.sections.agreed === before);
});

await story('versions', async ({ fake, page, shot }) => {
  const call = await ready(fake, page);
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  await page.keyboard.press('Alt+r');
  await inState(page, 'Retter notatet');
  await field(page, 'agreed').fill('Borgeren ringer igen.');
  await page.keyboard.press('Control+Enter');
  await until('the second version', () => call.notes.length === 2);
  await inState(page, 'Notat gemt');
  await page.keyboard.press('Alt+v');
  const dialog = page.getByRole('dialog', { name: 'Versioner af notatet' });
  await dialog.waitFor();
  await dialog.getByLabel('Versioner af notatet').selectOption('1');
  await until('what differs', async () =>
    (await dialog.locator('del').allTextContents()).join().includes('ringer igen'),
  );
  same((await dialog.locator('ins').count()) > 0, true, 'what only the first version has');
  await shot('compared');
  await dialog.getByRole('button', { name: 'Brug teksten: Aftalt' }).click();
  await dialog.waitFor({ state: 'hidden' });
  same(await value(page, 'agreed'), draftOf('agreed'), 'the first version stands there');
  same(call.notes.length, 2, 'nothing is saved by looking');
  await page.keyboard.press('Control+Enter');
  await until('the third version', () => call.notes.length === 3);
  same(call.notes[2].sections.agreed, call.notes[0].sections.agreed, 'the first text, as the third version');
});

await story('storage', async ({ fake, page }) => {
  const call = await ready(fake, page);
  const text = 'Helbred: særlige forhold 620199-0000.';
  await field(page, 'agreed').fill(text);
  await until('the edit', () => call.edit?.sections.agreed === text);
  await press(page, 'English');
  await inState(page, 'Draft ready');
  const kept = await page.evaluate(async () => ({
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    cookies: document.cookie,
    state: history.state,
  }));
  const nothing = { local: {}, session: {}, databases: [], caches: [], cookies: '' };
  same(JSON.stringify(kept), JSON.stringify({ ...nothing, state: { call: call.id } }), 'what the browser keeps');
  // The language stands in the address, so that a reload finds it.
  await page.reload();
  await inState(page, 'Draft ready');
  same(new URL(page.url()).search, '?lang=en', 'the address');
});

/** Somebody types without a pause; the process of the page dies. An edit takes as long as given to reach the server. */
const crash =
  (onItsWayMs) =>
  async ({ fake, page, open }) => {
    const call = await ready(fake, page);
    await page.route('**/edit', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, onItsWayMs));
      await route.continue().catch(() => undefined);
    });
    const stamps = [];
    await field(page, 'agreed').fill('');
    while (stamps.length < 80) {
      await page.keyboard.type(String(stamps.length % 10));
      stamps.push(Date.now());
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const died = Date.now();
    const arrived = call.edit?.sections.agreed?.length ?? 0;
    await page.unroute('**/edit');
    await page.route('**/*', (route) => route.abort());
    const lost = stamps.slice(arrived);
    const oldest = lost.length === 0 ? 0 : died - lost[0];
    if (oldest > 2_000) throw new Error(`a character of ${oldest} ms before the crash is lost`);
    if (arrived === 0) throw new Error('nothing arrived while somebody typed');
    const again = await open('/');
    await inState(again, 'Udkast klar');
    same(await value(again, 'agreed'), call.edit.sections.agreed, 'what is there after the crash');
  };
await story('crash', crash(0));
await story('crash-slow', crash(400));

await story('new-login', async ({ fake, page, open }) => {
  const call = await ready(fake, page);
  fake.forget();
  await inState(page, 'Du er logget ud');
  await field(page, 'agreed').fill('Skrevet, mens ingen var logget ind.');
  // The login is in another tab; the host tells the element.
  fake.tokenUsed = false;
  await open(`/#token=${TOKEN}`);
  await page.evaluate(() => document.querySelector('note-pane').reload());
  await inState(page, 'Udkast klar');
  same(await value(page, 'agreed'), 'Skrevet, mens ingen var logget ind.', 'what was typed');
  await until('the edit', () => call.edit?.sections.agreed === 'Skrevet, mens ingen var logget ind.');
  // Before a logout what was typed is settled.
  await field(page, 'reason').fill('Sidste ord.');
  await page.evaluate(() => document.querySelector('note-pane').settle());
  same(call.edit.sections.reason, 'Sidste ord.', 'what the server has when it is settled');
});

await story('better', async ({ fake, page, shot }) => {
  const call = await ready(fake, page, { kind: 'embedded', model: 'embedded-1', trouble: 'llm_timeout' });
  await field(page, 'reason').fill('Mine ord.');
  // The language model comes late: its draft takes the place of what nobody touched, and is offered beside what somebody did.
  fake.draft(call);
  fake.sentence(call, 'reason', 'Borgeren søger boligstøtte igen.', [['far', 1_200]]);
  fake.sentence(call, 'information', 'Borgeren er flyttet.', [['far', 9_800]]);
  fake.finish(call);
  await until('the better draft', async () => (await value(page, 'information')) === 'Borgeren er flyttet.');
  same(await value(page, 'reason'), 'Mine ord.', 'what was typed');
  await page.locator('.offer').getByText('Borgeren søger boligstøtte igen.').waitFor();
  await shot('offered');
  await page.keyboard.press('Alt+i');
  same(await value(page, 'reason'), 'Mine ord.\nBorgeren søger boligstøtte igen.', 'both');
});

await story('reminder', async ({ fake, page, shot }) => {
  const old = fake.begin({ agoMs: 3_600_000, caseId: '2026-000017' });
  talk(fake, old);
  fake.hangUp(old, 60_000);
  old.ended_ms -= 3_000_000;
  drafted(fake, old);
  fake.finish(old);
  const call = await ready(fake, page);
  await page.getByText('1 udkast').first().waitFor();
  await page.locator('.reminder').waitFor();
  await shot('reminded');
  await page.locator('.reminder').getByRole('button', { name: 'Senere' }).click();
  await page.locator('.reminder').waitFor({ state: 'hidden' });
  await page.keyboard.press('Alt+q');
  await until('the oldest', async () => (await page.locator('note-pane').getAttribute('call')) === old.id);
  same(call.notes.length, 0, 'nothing is saved by itself');
});
