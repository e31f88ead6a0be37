// A caseworker at the real programs: node e2e/real.mjs URL (with #token=…), opened before the call begins.
//
// Sees the words come while the call plays and the draft after it, corrects, saves with Ctrl+Enter, loads anew; then a
// second window with an old revision saves, and nothing of either text is lost. Ends with 1 and a screenshot of where
// it stopped. SCREENSHOTS names the folder.

import { complaints, launch, same, screenshots, until } from './browser.mjs';

const url = process.argv[2];
if (url === undefined) throw new Error('usage: node e2e/real.mjs http://127.0.0.1:8080/#token=…');
const shot = screenshots(process.env.SCREENSHOTS ?? 'dist-test/screenshots-real');
const MINUTE = 60_000;

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, locale: 'da-DK' });
const page = await context.newPage();
const found = [complaints(page)];

const state = (at) => at.locator('.state strong').textContent();
const words = async () => (await page.locator('.turn').allTextContents()).join(' ').length;
const field = (at, index) => at.locator('textarea').nth(index);
const texts = async (at) => await at.locator('textarea').evaluateAll((all) => all.map((area) => area.value));
const inState = (at, wanted, patience) =>
  until(`the state "${wanted}"`, async () => (await state(at)) === wanted, patience);

try {
  await page.goto(url);
  // The call begins once the page is there, and may be there before its first paint.
  await page.getByText('Der er ingen opkald endnu').or(page.locator('.state strong')).first().waitFor();
  same(new URL(page.url()).hash, '', 'the token in the address');
  await shot(page, 'opened');

  await inState(page, 'Lytter', MINUTE);
  await until('the first words', async () => (await words()) > 0, MINUTE);
  await shot(page, 'first-words');
  const early = await words();
  await until('more words while the call plays', async () => (await words()) > early + 40, MINUTE);
  await until(
    'words of both',
    async () => {
      return (await page.locator('.turn.near').count()) > 0 && (await page.locator('.turn.far').count()) > 0;
    },
    MINUTE,
  );
  await shot(page, 'both-speak');

  // The language model writes a line every 400 ms: the draft must be seen growing, sentence by sentence.
  const lengths = new Set();
  await until(
    'the whole draft',
    async () => {
      const now = await state(page);
      if (now === 'Skriver udkast') {
        const before = lengths.size;
        lengths.add((await texts(page)).join('').length);
        if (before === 2 && lengths.size === 3) await shot(page, 'draft-is-written');
      }
      return now === 'Udkast klar';
    },
    3 * MINUTE,
  );
  if (lengths.size < 4) throw new Error(`the draft was seen at ${lengths.size} lengths while it was written, not 4`);
  await until('numbers in the margin', async () => (await page.locator('.number').count()) > 0);
  await shot(page, 'draft');
  await page.locator('.number').first().click();
  await page.locator('.evidence blockquote').first().waitFor();
  await shot(page, 'evidence');
  await page.keyboard.press('Escape');

  // A second window, which hears no event: it goes on knowing what it knew when it was opened.
  const other = await context.newPage();
  found.push(complaints(other));
  await other.route('**/events*', (route) => route.abort());
  await other.goto(url.split('#')[0]);
  await field(other, 0).waitFor();

  const mine = ' Rettet i det første vindue.';
  await field(page, 0).focus();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(mine);
  const corrected = await texts(page);
  await page.keyboard.press('Control+Enter');
  await inState(page, 'Notat gemt');
  await shot(page, 'saved');
  await page.reload();
  await inState(page, 'Notat gemt');
  await page.locator('.note').getByText(mine.trim()).waitFor();
  await page.getByText('version 1').waitFor();
  await shot(page, 'loaded-anew');

  await oldRevision(other, corrected[0]);
  await tryAnArea(other);
  const complaint = found.flat().join('; ');
  if (complaint !== '') throw new Error(`the page complained: ${complaint}`);
} catch (error) {
  await shot(page, 'stopped-here').catch(() => undefined);
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

/** A window that missed what was saved: its text and the saved one are both there, and saving is its own choice. */
async function oldRevision(other, saved) {
  const theirs = 'Skrevet i det andet vindue.';
  await field(other, 0).fill(theirs);
  await other.keyboard.press('Control+Enter');
  await other.locator('.elsewhere').first().waitFor();
  same(await field(other, 0).inputValue(), theirs, 'what was typed in the second window');
  await other.locator('.elsewhere').first().getByText('Rettet i det første vindue.').waitFor();
  await shot(other, 'both-texts');
  await other.getByRole('button', { name: 'Behold begge' }).first().click();
  same(await field(other, 0).inputValue(), `${theirs}\n${saved}`, 'both texts');
  await other.unroute('**/events*');
  await other.keyboard.press('Control+Enter');
  await inState(other, 'Notat gemt');
  await other.getByText('version 2').waitFor();
  await shot(other, 'both-saved');
}

/** What a department's lead sees: a pipeline drafts the sample call under the area's settings. */
async function tryAnArea(window) {
  await window.goto(new URL('/areas#standard', window.url()).href);
  await window.getByRole('button', { name: 'Nyt udkast' }).click();
  await window.locator('.drafted li').first().waitFor();
  const sentences = await window.locator('.drafted li').count();
  if (sentences < 4) throw new Error(`${sentences} sentences of the sample call`);
  await shot(window, 'area-tried');
}
