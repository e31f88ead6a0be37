// Keys: each has its deed, the help sheet tells of each, and a call can be worked without a mouse.

import { same, until } from './browser.mjs';
import { doubted } from './doubted.mjs';
import { inState, ready, story, value } from './story.mjs';

const focused = (page) =>
  page.evaluate(() => {
    let one = document.activeElement;
    while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
    return one?.getAttribute('data-section') ?? one?.getAttribute('data-focus') ?? one?.textContent ?? '';
  });

await story('help', async ({ fake, page, shot }) => {
  await ready(fake, page);
  await page.keyboard.press('F1');
  const sheet = page.getByRole('dialog', { name: 'Taster' });
  await sheet.waitFor();
  await shot('sheet');
  // Every key that a control tells of stands on the sheet.
  const told = await page.evaluate(() => {
    const root = document.querySelector('note-pane').shadowRoot;
    return [...root.querySelectorAll('[aria-keyshortcuts]'), ...document.querySelectorAll('[aria-keyshortcuts]')].map(
      (one) => one.getAttribute('aria-keyshortcuts').replace('Control', 'Ctrl'),
    );
  });
  const caps = await sheet.locator('kbd').allTextContents();
  const missing = told.filter((key) => !caps.includes(key) && !/^Alt\+[2-7]$/.test(key));
  same(missing.join(), '', 'keys that the sheet does not tell of');
  same(told.length >= 8, true, `${told.length} controls tell of their key`);
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  // Keys for what lies behind an open sheet do nothing.
  await page.keyboard.press('Alt+h');
  await sheet.waitFor();
  await page.keyboard.press('Control+Enter');
  await page.keyboard.press('Escape');
  await inState(page, 'Udkast klar');
});

await story('keyboard', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 252_000 });
  doubted(fake, call);
  await inState(page, 'Udkast klar');
  await page.keyboard.press('Alt+n');
  same(await focused(page), 'reason', 'Alt+N goes to the text');
  await page.keyboard.press('Alt+m');
  same(await focused(page), 'number-1', 'Alt+M goes to the first doubt');
  await page.keyboard.press('Enter');
  await page.locator('.evidence').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Alt+1');
  await until('what was missing', async () => (await value(page, 'reason')).includes('den 20. maj'));
  await page.keyboard.press('Alt+9');
  await page.keyboard.press('Alt+s');
  await page.getByRole('searchbox').waitFor();
  await page.keyboard.type('husleje');
  await page.getByText('1 af 1').waitFor();
  await shot('searched');
  await page.keyboard.press('Escape');
  same(await focused(page), 'reason', 'Escape goes back to the text');
  await page.keyboard.press('Alt+u');
  await page.getByRole('form', { name: 'Nyt udkast' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Alt+y');
  await inState(page, 'Draft ready');
  await page.keyboard.press('Control+Enter');
  await inState(page, 'Note saved');
  same(call.notes.length, 1, 'notes');
});
