// What the guards say of a draft, as a caseworker sees it: doubts, confirmations, uncertain words, what may be missing.

import { same, until } from './browser.mjs';
import { doubted } from './doubted.mjs';
import { field, inState, press, story, value } from './story.mjs';

const SMALL = { width: 360, height: 900 };
const counts = (page, words) =>
  until(`"${words}" in the head`, async () => (await page.locator('.counts').textContent()) === words);
const number = (page, index) => page.locator(`.number[data-index="${index}"]`);
const panel = (page) => page.locator('.evidence');

await story(
  'checks',
  async ({ fake, page, shot }) => {
    const call = fake.begin({ agoMs: 252_000 });
    doubted(fake, call);
    await inState(page, 'Udkast klar');
    await counts(page, '4 tvivl · 2 at bekræfte · 3 mangler måske');
    same((await page.locator('.number').allTextContents()).join(' '), '1 ! ! ! ✓? !✓?', 'signs beside the text');
    same(
      (await page.locator('.doubt').allTextContents()).join(' | '),
      'den 13. maj | 6.450 kroner | Borgeren får en lejer. | er bevilget',
      'the doubted words in the text',
    );
    const line = await page
      .locator('.doubt')
      .first()
      .evaluate((one) => getComputedStyle(one).textDecorationStyle);
    same(line, 'wavy', 'the line below them');
    await shot('ready');

    // What the call says instead stands in bold in its utterance, the uncertain word says that it is.
    await number(page, 1).click();
    await panel(page).getByText('Datoen eller tiden »den 13. maj« passer ikke med samtalen.').waitFor();
    await panel(page).getByText('Samtalen siger »den tredje maj«.').waitFor();
    same(await panel(page).locator('strong').textContent(), 'den tredje (usikkert hørt) maj', 'the words that differ');
    const uncertain = panel(page).locator('.uncertain');
    same(await uncertain.getAttribute('title'), 'Talegenkendelsen er usikker på dette ord.', 'what its title says');
    same(await uncertain.evaluate((one) => getComputedStyle(one).textDecorationStyle), 'dotted', 'the line below it');
    await shot('date');
    // The corrected words are doubted no more.
    await field(page, 'information').fill((await value(page, 'information')).replace('den 13. maj', 'den 3. maj'));
    await counts(page, '3 tvivl · 2 at bekræfte · 3 mangler måske');
    same(await panel(page).locator('.doubts').count(), 0, 'doubts of the corrected sentence');

    // An utterance that only the doubt points to stands beside the sentence's own, and says so.
    await number(page, 2).click();
    await panel(page).getByText('Tallet »6.450 kroner« er sagt, men ikke dér').waitFor();
    const cited = await panel(page).locator('cite').allTextContents();
    same(cited.join(' | '), 'Borger 00:09 | Borger 00:32 · uden for sætningens belæg', 'whose words are quoted');
    same(await panel(page).locator('strong').textContent(), '6.450 (usikkert hørt) kroner', 'the words to look for');
    await shot('elsewhere');
    await page.keyboard.press('Escape');

    // A commitment is confirmed, which is no doubt; the other one is both.
    same(
      await number(page, 4).getAttribute('aria-label'),
      'Belæg for sætning 1: 1 replik. Bekræft: aftale',
      'what the sign says',
    );
    await number(page, 4).click();
    await press(page, 'Bekræftet');
    await counts(page, '3 tvivl · 1 at bekræfte · 3 mangler måske');
    same(await number(page, 4).textContent(), '✓1', 'the sign of a confirmed sentence');
    same(await page.locator('.confirm').getAttribute('aria-pressed'), 'true', 'the button stays pressed');
    await shot('confirmed');
    await number(page, 5).click();
    await panel(page).getByText('kan kun myndigheden afgøre').waitFor();
    await panel(page).getByText('noget er afgjort').waitFor();
    await shot('decision');
    await page.keyboard.press('Escape');

    // What may be missing: the utterance on focus, then by key, by button, and turned down.
    const second = page.locator('.missing li').nth(1);
    await second.locator('.what').click();
    same(await second.locator('.what').getAttribute('aria-expanded'), 'true', 'what was pressed is open');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.locator('.missing blockquote:visible').getByText('Den nye husleje').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    same(await second.getByRole('button', { name: 'Indsæt' }).evaluate((one) => one.matches(':focus')), true, 'focus');
    await page.locator('.missing blockquote:visible').getByText('Du får støtten udbetalt').waitFor();
    same(await page.locator('.missing blockquote:visible').count(), 1, 'utterances of what may be missing');
    await shot('missing');
    await field(page, 'agreed').focus();
    await page.keyboard.press('Alt+2');
    await until('the words in the text', async () =>
      (await value(page, 'agreed')).endsWith('Ansøgningen er bevilget.\nden første bankdag i juni'),
    );
    await page.keyboard.type(' udbetales støtten.');
    await until('the edit', () => call.edit?.sections.agreed?.endsWith('den første bankdag i juni udbetales støtten.'));
    await counts(page, '3 tvivl · 1 at bekræfte · 2 mangler måske');
    await page.locator('.missing').getByRole('button', { name: 'Indsæt »den 20. maj«' }).click();
    same((await value(page, 'agreed')).endsWith('støtten.\nden 20. maj'), true, 'inserted where the caret was');
    same(await field(page, 'agreed').evaluate((one) => one.matches(':focus')), true, 'the caret is behind it');
    await page.getByRole('button', { name: 'Mangler ikke' }).click();
    await page.locator('.missing').waitFor({ state: 'hidden' });
    await counts(page, '3 tvivl · 1 at bekræfte');

    // Doubts never block saving; what was confirmed is told.
    await page.keyboard.press('Control+Enter');
    await inState(page, 'Notat gemt');
    same(JSON.stringify(call.confirmed), '[4]', 'the sentences that were confirmed');
    await page.locator('.counts').waitFor({ state: 'hidden' });
    await page.locator('summary', { hasText: 'Samtalen' }).click();
    const heard = page.locator('.turn .uncertain');
    same(await heard.count(), 3, 'uncertain words in the transcript');
    await heard.last().scrollIntoViewIfNeeded();
    await shot('transcript');
  },
  { size: SMALL },
);

await story(
  'checks-dark',
  async ({ fake, page, shot }) => {
    doubted(fake, fake.begin({ agoMs: 252_000 }));
    await inState(page, 'Udkast klar');
    await shot('ready');
    await number(page, 1).click();
    await shot('date');
    await number(page, 5).click();
    await shot('decision');
    await press(page, 'Bekræftet');
    await page.locator('.missing .what').first().click();
    await shot('missing');
    await page.locator('summary', { hasText: 'Samtalen' }).click();
    await page.locator('.turn .uncertain').last().scrollIntoViewIfNeeded();
    await shot('transcript');
  },
  { size: SMALL, colorScheme: 'dark' },
);

await story(
  'checks-contrast',
  async ({ fake, page, shot }) => {
    doubted(fake, fake.begin({ agoMs: 252_000 }));
    await inState(page, 'Udkast klar');
    const mark = (name) =>
      page
        .locator('.mirror .doubt')
        .first()
        .evaluate((one, name) => getComputedStyle(one)[name], name);
    same(await mark('textDecorationStyle'), 'wavy', 'the line below the doubted words');
    same(await mark('color'), 'rgba(0, 0, 0, 0)', 'the words are written once');
    await number(page, 1).click();
    await shot('date');
  },
  { size: SMALL, forcedColors: 'active' },
);

await story(
  'checks-english',
  async ({ fake, page, shot }) => {
    doubted(fake, fake.begin({ agoMs: 252_000 }));
    await inState(page, 'Udkast klar');
    await press(page, 'English');
    await counts(page, '4 doubts · 2 to confirm · 3 maybe missing');
    await number(page, 1).click();
    await panel(page).getByText('The call says “den tredje maj”.').waitFor();
    await page.getByText('(unsure)').first().waitFor({ state: 'attached' });
    await shot('date');
  },
  { size: { width: 320, height: 640 } },
);
