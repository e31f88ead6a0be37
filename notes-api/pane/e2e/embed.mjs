// The pane in a case system: the sample page of docs/examples on another site, what a caseworker does there, and what
// becomes of a frame that is loaded anew, of a bearer that has run out, and of a browser that gives frames no storage.

import { same, thirdPartyCookies, until } from './browser.mjs';
import { TURNS } from './given.mjs';
import {
  BROAD,
  CASE,
  ended,
  field,
  frameOf,
  heardBy,
  hosted,
  identify,
  inState,
  NARROW,
  OTHER,
  OWN,
  open,
  sees,
  spoken,
  visit,
} from './hosted.mjs';
import { tellOfHostiles } from './hostile-host.mjs';
import { tellOfTheOpenCase } from './open-case.mjs';
import { drafted, story, talk } from './story.mjs';

/** What the frame left in the browser, and then whether it could have: as many things as there are kinds of storage. */
const stored = (frame) =>
  frame.evaluate(async () => {
    const there = async () => {
      const found = [...document.cookie.split('; ').filter((one) => one !== ''), ...(await indexedDB.databases())];
      return [...found, ...Object.keys(localStorage), ...Object.keys(sessionStorage)].length;
    };
    try {
      const left = await there();
      // biome-ignore lint/suspicious/noDocumentCookie: a page may try it in this way too
      document.cookie = 'a=b; SameSite=None; Secure';
      localStorage.setItem('a', 'b');
      sessionStorage.setItem('a', 'b');
      return `${left} of ${await there()}`;
    } catch {
      return `denied, cookies "${document.cookie}"`;
    }
  });
const highAs = (page) => page.evaluate(() => document.querySelector('referent-pane').getBoundingClientRect().height);

await story(
  'embed-on-top',
  async ({ page, shot }) => {
    await page.getByText('Denne side hører til inde i et fagsystem.').waitFor();
    await shot('page');
  },
  { address: '/embed' },
);

await hosted(
  'embed-call',
  async (told) => {
    const { fake, page, context, host, shot } = told;
    const frame = await visit(told);
    await sees(frame, `Der er ingen samtaler på sag ${CASE}.`);
    await sees(frame, 'Pc: Klar');
    await shot('no-calls');
    const low = await highAs(page);
    const call = fake.begin({ agoMs: 35_000 });
    await inState(frame, 'Lytter');
    fake.agent(call, 'listening', 520, 12);
    talk(fake, call);
    await sees(frame, 'Behandlingstiden er omkring fire uger.');
    await until('the frame to grow', async () => (await highAs(page)) > low + 200);
    await shot('live');
    fake.hangUp(call, 46_000);
    drafted(fake, call);
    fake.finish(call);
    await inState(frame, 'Udkast klar');
    await field(frame, 'information').press('End');
    await field(frame, 'information').pressSequentially(' Varmen betales for sig.');
    await shot('draft');
    await page.setViewportSize(BROAD);
    await shot('draft-wide');
    await page.setViewportSize(NARROW);
    await field(frame, 'information').press('Control+Enter');
    await inState(frame, 'Notat gemt');
    await page.getByText('Journal: notat gemt, version 1').waitFor();
    await shot('saved');
    const heard = await heardBy(page);
    const words = heard.map(([name, { state }]) => state ?? name);
    const [first, last] = [words.slice(0, 4), words.slice(4).sort()];
    same(
      [...first, ...last].join(),
      'listening,drafting,draft_ready,draft-ready,note-saved,saved',
      'what the host was told',
    );
    const [, saved] = heard.find(([name]) => name === 'note-saved');
    same(
      JSON.stringify(saved),
      JSON.stringify({ call: call.id, note: call.notes[0].id, version: 1, caseId: CASE }),
      'the note',
    );
    if (/Varmen|husleje|Birthe/i.test(JSON.stringify(heard)))
      throw new Error('words of the call were told to the host');
    same(host.launches, 1, 'codes');
    same((await context.cookies()).length, 0, 'cookies');
    same(await stored(frame), '0 of 3', 'what the frame left in a browser that would let it');
  },
  { inBrowser: thirdPartyCookies('allowed') },
);

await hosted('embed-reload', async (told) => {
  const { fake, page, host } = told;
  const frame = await visit(told);
  const call = ended(fake);
  await inState(frame, 'Udkast klar');
  await field(frame, 'agreed').press('End');
  await field(frame, 'agreed').pressSequentially(' Jeg ringer fredag.');
  // Before the text is sent by itself: what the page does on its way out has to be enough.
  await frame.evaluate(() => location.reload());
  await until('another code', () => host.launches === 2);
  await until('the text', async () =>
    (await field(await frameOf(page), 'agreed').inputValue()).endsWith('Jeg ringer fredag.'),
  );
  same(call.edit.sections.agreed.endsWith('Jeg ringer fredag.'), true, 'what the server has');
  same(fake.bearers.size, 2, 'bearers');
});

await hosted('embed-expired', async (told) => {
  const { fake, page, host, shot } = told;
  const frame = await visit(told);
  const call = ended(fake);
  await inState(frame, 'Udkast klar');
  await field(frame, 'agreed').press('End');
  fake.expireBearers();
  await field(frame, 'agreed').pressSequentially(' Jeg ringer fredag.', { delay: 60 });
  await until('another code', () => host.launches === 2);
  await until('the text', () => call.edit?.sections.agreed.endsWith('Jeg ringer fredag.'));
  same(await frame.evaluate(() => document.activeElement?.localName), 'note-pane', 'where the keyboard is');
  same(
    fake.asked.filter(([, path, status]) => path.endsWith('/edit') && status === 401).length <= 1,
    true,
    'refused once',
  );
  // A host that gives no code: the person is told, the text stays, and both can be mended.
  fake.refuseLaunches = true;
  fake.expireBearers();
  await field(frame, 'agreed').pressSequentially(' Eller mandag.');
  await frame.getByText('Du er logget ud').first().waitFor({ timeout: 20_000 });
  await shot('signed-out');
  same((await field(frame, 'agreed').inputValue()).endsWith('Eller mandag.'), true, 'the text is there');
  fake.refuseLaunches = false;
  await until('the text', () => call.edit?.sections.agreed.endsWith('Eller mandag.'), 40_000);
  await inState(frame, 'Udkast klar');
  if ((await heardBy(page)).every(([name]) => name !== 'launch-failed')) throw new Error('not told');
});

await hosted(
  'embed-no-cookies',
  async (told) => {
    const { fake, page, context, host } = told;
    const frame = await visit(told);
    ended(fake);
    await inState(frame, 'Udkast klar');
    await field(frame, 'agreed').press('Control+Enter');
    await page.getByText('Journal: notat gemt, version 1').waitFor();
    same(await stored(frame), 'denied, cookies ""', 'what this browser lets a frame keep');
    await frame.evaluate(() => location.reload());
    await until('another code', () => host.launches === 2);
    await inState(await frameOf(page), 'Notat gemt');
    same((await context.cookies()).length, 0, 'cookies');
  },
  { inBrowser: thirdPartyCookies('blocked') },
);

await hosted('embed-other-case', async (told) => {
  const { fake, page, shot } = told;
  const frame = await visit(told);
  const call = ended(fake);
  await inState(frame, 'Udkast klar');
  await field(frame, 'agreed').press('End');
  await field(frame, 'agreed').pressSequentially(' Jeg ringer fredag.');
  await open(page, OTHER);
  await sees(frame, `Der er ingen samtaler på sag ${OTHER}.`);
  await sees(frame, `Du har tekst på sag ${CASE}, der ikke er gemt som notat.`);
  await shot('left');
  await until('the text', () => call.edit?.sections.agreed.endsWith('Jeg ringer fredag.'));
  await frame.getByRole('button', { name: 'Vis', exact: true }).click();
  await inState(frame, 'Udkast klar');
  same((await field(frame, 'agreed').inputValue()).endsWith('Jeg ringer fredag.'), true, 'the text is there');
  await sees(frame, `Denne samtale hører til sag ${CASE}. Åben sag: ${OTHER}.`);
  // The wrong case: no key that is pressed again and again gets past the box.
  for (let count = 0; count < 3; count += 1) await field(frame, 'agreed').press('Control+Enter');
  const box = frame.getByRole('alertdialog');
  await box.getByText(`Samtalen hører til sag ${CASE}, men sag ${OTHER} er åben.`).waitFor();
  await shot('wrong-case');
  await page.setViewportSize(BROAD);
  await shot('wrong-case-wide');
  await page.setViewportSize(NARROW);
  same(call.notes.length, 0, 'notes before it was confirmed');
  await box.getByRole('button', { name: 'Gem ikke' }).click();
  await box.waitFor({ state: 'hidden' });
  await frame.getByRole('button', { name: /^Gem notat/ }).click();
  await box.getByRole('button', { name: `Gem på sag ${CASE}` }).click();
  await inState(frame, 'Notat gemt');
  same(call.notes.length, 1, 'notes');
  same(
    (await heardBy(page)).some(([name]) => name === 'note-saved'),
    false,
    'told of another case',
  );
  await frame.getByRole('button', { name: `Tilbage til sag ${OTHER}` }).click();
  await sees(frame, `Der er ingen samtaler på sag ${OTHER}.`);
  // A call that belongs to no case is offered, and taken for none of the open one.
  const loose = fake.begin({ caseId: null });
  await sees(frame, 'Samtale i gang: en samtale uden sag.');
  await shot('live-elsewhere');
  await frame.getByRole('button', { name: 'Vis', exact: true }).click();
  await inState(frame, 'Lytter');
  await sees(frame, `Denne samtale hører ikke til nogen sag. Åben sag: ${OTHER}.`);
  talk(fake, loose, TURNS.slice(0, 2));
  await shot('no-case');
  const calls = [ended(fake, { caseId: OTHER }), ended(fake, { caseId: OTHER })];
  await frame.getByText('Samtaler på sagen (2)').click();
  await shot('two-calls');
  await frame.locator(`[data-focus="${calls[0].id}"]`).click();
  await inState(frame, 'Udkast klar');
  await page.evaluate(() => document.querySelector('referent-pane').setAttribute('lang', 'en'));
  await sees(frame, 'Calls of the case (2)');
  await shot('english');
});

await hosted('embed-foreign-number', async (told) => {
  const { fake, page, shot } = told;
  const frame = await visit(told);
  await identify(page, [OWN]);
  const call = ended(fake);
  await inState(frame, 'Udkast klar');
  // One that the case does not have, and that looks like one that it has.
  fake.foreign = [spoken('610564-1284', 1)];
  const box = frame.getByRole('alertdialog');
  for (let count = 0; count < 3; count += 1) await field(frame, 'agreed').press('Control+Enter');
  await box
    .getByText(`Der blev sagt et nummer, som sag ${CASE} ikke har: CPR 610564-1284 (borgeren, 00:12).`)
    .waitFor();
  await box.getByText('Et ciffer kan være hørt forkert.').waitFor();
  same(JSON.stringify(fake.caseChecks[0]), JSON.stringify({ identifiers: [OWN] }), 'what the server was asked');
  same(call.notes.length, 0, 'notes before it was confirmed');
  await shot('one');
  // More than there is room for, in English.
  fake.foreign = [spoken('720371-4321', 9), ...[1, 2, 3].map((n) => spoken(`72037${n}-4321`, 8))];
  await page.evaluate(() => document.querySelector('referent-pane').setAttribute('lang', 'en'));
  await box.getByText(`A number was said that case ${CASE} does not have`).waitFor();
  await box.getByRole('button', { name: 'Do not save' }).click();
  await field(frame, 'agreed').press('Control+Enter');
  await box.getByText(/Numbers were said that case .* and 1 more\./).waitFor();
  await shot('several-english');
  // Nobody can say: not taken for fine.
  fake.foreign = null;
  await page.keyboard.press('Escape');
  await field(frame, 'agreed').press('Control+Enter');
  await box.getByText(`The server could not look whether the call belongs to case ${CASE}.`).waitFor();
  same(call.notes.length, 0, 'notes before it was looked at');
  // And nothing speaks against it: the same key, no box.
  fake.foreign = [];
  await page.keyboard.press('Escape');
  await field(frame, 'agreed').press('Control+Enter');
  await until('the note', () => call.notes.length === 1);
  await box.waitFor({ state: 'hidden' });
  const [asked, sent] = [fake.caseChecks.length, JSON.stringify(await heardBy(page))];
  if (sent.includes('610564')) throw new Error('a number came back to the host');
  // Numbers are of one case: the next one begins without.
  await open(page, OTHER);
  ended(fake, { caseId: OTHER });
  await inState(frame, 'Draft ready');
  await field(frame, 'agreed').press('Control+Enter');
  await inState(frame, 'Note saved');
  same(fake.caseChecks.length, asked, 'questions about a case whose numbers are not known');
});

await hosted('embed-keyboard', async (told) => {
  const { fake, page } = told;
  const frame = await visit(told);
  await identify(page, [OWN]);
  const call = ended(fake);
  fake.foreign = [spoken('720371-4321', 9)];
  await inState(frame, 'Udkast klar');
  const focused = () =>
    frame.evaluate(() => {
      const outer = document.activeElement;
      const inner = outer?.shadowRoot?.activeElement ?? outer;
      return inner?.dataset.section ?? inner?.getAttribute('role') ?? inner?.textContent;
    });
  // Page and frame are two processes: where the keyboard is, is known a little later.
  const press = async (key) => {
    await page.keyboard.press(key);
    await page.waitForTimeout(50);
  };
  const tabTo = (what, key = 'Tab') =>
    until(`"${what}" by ${key}`, async () => {
      if ((await focused()) === what) return true;
      await press(key);
      return false;
    });
  // From the page around it into the frame, to the text, and to its end.
  await tabTo('agreed');
  await page.keyboard.press('Control+End');
  await page.keyboard.type(' Jeg ringer fredag.');
  await page.keyboard.press('Control+Enter');
  await until('the box', async () => (await focused()) === 'alertdialog');
  await page.keyboard.press('Escape');
  await frame.getByRole('alertdialog').waitFor({ state: 'hidden' });
  same(call.notes.length, 0, 'notes');
  // Back where the text was, and through the box.
  same(await focused(), 'agreed', 'where the keyboard is after Escape');
  await page.keyboard.press('Control+Enter');
  await until('the box', async () => (await focused()) === 'alertdialog');
  await tabTo(`Gem på sag ${CASE}`);
  await page.keyboard.press('Enter');
  await inState(frame, 'Notat gemt');
  same(call.notes[0].sections.agreed.endsWith('Jeg ringer fredag.'), true, 'what was saved');
  // And out of it again, in both directions.
  const isOut = () => page.evaluate(() => document.activeElement === document.body);
  for (const key of ['Tab', 'Shift+Tab']) {
    await until(`out of the frame by ${key}`, async () => {
      if (await isOut()) return true;
      await press(key);
      return false;
    });
    await tabTo('Ret notatet', key);
  }
});

await tellOfTheOpenCase();
await tellOfHostiles();
