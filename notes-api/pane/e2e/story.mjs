// Tells stories in headless Chromium, each in a window of its own and against a server of its own. Screenshots in
// dist-test/screenshots, or where SCREENSHOTS says; with a word on the command line only the stories whose name has it.

import { complaints, launch, screenshots, until } from './browser.mjs';
import { Fake, TOKEN } from './fake.mjs';
import { DRAFT, TURNS } from './given.mjs';

const shot = screenshots(process.env.SCREENSHOTS ?? 'dist-test/screenshots');
const only = process.argv[2];
const browser = await launch();
let failed = 0;

const NARROW = { width: 420, height: 800 };
export const WIDE = { width: 1360, height: 860 };

/** A story in a window of its own, against a server of its own. */
export const story = async (
  name,
  tell,
  { size = NARROW, address = `/#token=${TOKEN}`, inBrowser = null, ...options } = {},
) => {
  if (only !== undefined && !name.includes(only)) return;
  const fake = new Fake();
  const url = await fake.listen();
  const settings = { viewport: size, locale: 'da-DK', ...options };
  const context = await (inBrowser === null ? browser.newContext(settings) : inBrowser(settings));
  const found = [];
  const open = async (address = '/') => {
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    found.push(complaints(page));
    await page.goto(url + address);
    return page;
  };
  const page = await open(address);
  try {
    await tell({ fake, url, page, open, context, shot: (step, at = page) => shot(at, `${name}-${step}`) });
    const all = found.flat();
    if (all.length > 0) throw new Error(`the page complained: ${all.join('; ')}`);
    process.stdout.write(`ok    ${name}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(`FAIL  ${name}: ${error.message}\n`);
    await shot(page, `${name}-failed`).catch(() => undefined);
  } finally {
    await context.close();
    fake.close();
  }
};

const state = (page) => page.locator('.state strong').textContent();
export const inState = (page, words) => until(`the state "${words}"`, async () => (await state(page)) === words);
export const field = (page, section) => page.locator(`textarea[data-section="${section}"]`);
export const value = (page, section) => field(page, section).inputValue();
export const press = (page, name) => page.getByRole('button', { name }).click();

export const talk = (fake, call, turns = TURNS) => {
  for (const [track, startMs, text] of turns) fake.say(call, track, startMs, text);
};
export const drafted = (fake, call, sentences = DRAFT) => {
  fake.draft(call);
  for (const sentence of sentences) fake.sentence(call, ...sentence);
};
export const ready = async (fake, page, origin) => {
  const call = fake.begin({ agoMs: 252_000 });
  talk(fake, call);
  fake.hangUp(call, 252_000);
  drafted(fake, call);
  fake.finish(call, origin);
  await inState(page, 'Udkast klar');
  return call;
};

/** After the last story: ends with 1 if one went wrong. */
export const theEnd = async () => {
  await browser.close();
  process.exitCode = failed === 0 ? 0 : 1;
};
