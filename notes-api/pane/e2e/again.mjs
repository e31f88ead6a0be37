// Another draft: with a wish, under another area; it never takes the place of what was typed.

import { same, until } from './browser.mjs';
import { field, press, ready, story, value } from './story.mjs';

await story('again', async ({ fake, page, shot }) => {
  const call = await ready(fake, page);
  fake.areas = [
    ...fake.areas,
    {
      ...fake.areas[1],
      id: 'pension',
      settings: {
        ...fake.areas[1].settings,
        sections: [
          { id: 'income', heading: 'Indkomst', belongs: '' },
          { id: 'agreed', heading: 'Aftalt', belongs: '' },
        ],
      },
    },
  ];
  await field(page, 'information').fill('Min egen tekst.');
  await press(page, 'Nyt udkast');
  const form = page.getByRole('form', { name: 'Nyt udkast' });
  await form.waitFor();
  await until('the areas that there are', async () => {
    const names = await form.locator('option').allTextContents();
    return names.join() === 'Som før,boligstoette,standard,pension';
  });
  await shot('asked');
  await page.keyboard.press('Escape');
  await form.waitFor({ state: 'hidden' });
  same(call.asked, undefined, 'what was asked after Escape');
  same(await focused(page), 'Nyt udkast', 'where the keyboard is after Escape');

  await press(page, 'Nyt udkast');
  await form.getByLabel('Område').selectOption('pension');
  await form.getByLabel('Ønske til udkastet').fill('Skriv indkomsten for sig.');
  await page.keyboard.press('Enter');
  await form.waitFor({ state: 'hidden' });
  await until('the request', () => call.asked !== undefined);
  same(JSON.stringify(call.asked), '{"area":"pension","wish":"Skriv indkomsten for sig."}', 'what was asked');
  await field(page, 'income').waitFor();
  same(await focused(page), 'TEXTAREA', 'where the keyboard is while the draft comes');
  fake.sentence(call, 'income', 'Indkomsten er 12.000 kroner.', [['far', 32_800]]);
  fake.finish(call);
  await until('the draft', async () => (await value(page, 'income')) === 'Indkomsten er 12.000 kroner.');
  same(await value(page, 'information'), 'Min egen tekst.', 'what was typed');
  same(await field(page, 'reason').count(), 0, 'sections in which nobody has written');
  await shot('under-another-area');

  // Once more, as it is: Enter is enough.
  call.asked = undefined;
  await press(page, 'Nyt udkast');
  await form.waitFor();
  await page.keyboard.press('Enter');
  await until('the request', () => call.asked !== undefined);
  same(JSON.stringify(call.asked), '{}', 'what was asked');
  same(await value(page, 'information'), 'Min egen tekst.', 'what was typed');
});

/** The words of the button, or the kind of element, that has the keyboard. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.querySelector('note-pane').shadowRoot.activeElement;
    return element instanceof HTMLButtonElement ? element.textContent : (element?.tagName ?? null);
  });
}
