// Every state of the pane in headless Chromium, against a server that plays them.

import { same, until } from './browser.mjs';
import { TOKEN } from './fake.mjs';
import { DRAFT, TURNS } from './given.mjs';
import { drafted, field, inState, press, ready, story, talk, theEnd, value, WIDE } from './story.mjs';

await story('sign-in', async ({ page, open, context, shot }) => {
  await page.getByText('Der er ingen opkald endnu').waitFor();
  same(new URL(page.url()).hash, '', 'the token in the address');
  await page.reload();
  await page.getByText('Der er ingen opkald endnu').waitFor();
  await shot('no-calls');
  await context.clearCookies();
  const stranger = await open('/');
  await stranger.getByText('Åbn linket, som programmet skrev').waitFor();
  const late = await open(`/#token=${TOKEN}`);
  await late.getByText('Linket er allerede brugt').waitFor();
  await shot('used', late);
});

await story('between-calls', async ({ fake, page, shot }) => {
  const pc = (words) =>
    until(`"${words}" of the PC`, async () => (await page.locator('.pc strong').textContent()) === words);
  await pc('Pc: Klar');
  await shot('pc-ready');
  fake.there({ in_contact: 0, lost: 1 });
  await pc('Pc: Ingen kontakt');
  await page.getByText('Se efter, om Referent kører på pc’en').waitFor();
  await shot('pc-lost');
  await page.setViewportSize(WIDE);
  await shot('pc-lost-wide');
  fake.there({ in_contact: 2, lost: 1, in_trouble: 1 });
  await pc('2 pc’er er i kontakt · 1 pc har mistet kontakten · 1 pc kan ikke optage');
  await shot('pcs');
  // A call that goes on says it itself; after it the page does again.
  fake.there({ in_contact: 1, state: 'idle' });
  const call = fake.begin();
  await page.locator('.pc').waitFor({ state: 'hidden' });
  fake.hangUp(call, 5_000);
  await pc('Pc: Klar');
  await press(page, 'English');
  await pc('PC: Ready');
  // Who does not hear the server knows nothing of the PC.
  fake.goAway();
  await page.locator('.pc').waitFor({ state: 'hidden' });
  fake.comeBack();
  await pc('PC: Ready');
});

await story('live', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 35_000 });
  await inState(page, 'Lytter');
  await page.getByText('Ordene kommer her').waitFor();
  fake.agent(call, 'listening', 520, 12);
  for (const [index, [track, startMs, text]] of TURNS.slice(0, 6).entries()) {
    fake.partial(call, track, startMs, text.slice(0, 20));
    await page.locator('.coming').getByText(text.slice(0, 20)).waitFor();
    fake.say(call, track, startMs, text);
    await until('the words', async () => (await page.locator('.turn').count()) === index + 1);
  }
  fake.gap(call, 'near', 30_000, 32_000, 'device_lost');
  fake.gap(call, 'far', 30_000, 32_100, 'device_lost');
  fake.untold(call, 'far', 36_000, 38_000, 'timed_out');
  fake.suppress(call, 'near', 39_000, 'Tak fordi du så med.', 'known_invention');
  fake.partial(call, 'far', 38_200, 'Den nye husleje er 6.450');
  fake.say(call, 'near', 33_120, 'den nye husleje', 34_500, { echo_of_ms: 33_000 });
  await page.locator('.turn.echo').getByText('Borgerens stemme fra din højttaler.').waitFor();
  await page.getByText('Lyd mangler 00:30–00:32: lydenheden forsvandt').waitFor();
  await page.getByText('Tale mangler fra borgeren 00:36–00:38').waitFor();
  same(await page.locator('.turn b').first().textContent(), 'Borger 00:01', 'who speaks');
  await shot('talking');
  await press(page, 'Vis');
  await page.getByText('Tak fordi du så med.').waitFor();
  fake.agent(call, 'no_sound_near', 0, 400, 7_000);
  await inState(page, 'Ingen lyd fra din mikrofon');
  await page.getByText('Dine ord kommer ikke med.').waitFor();
  await shot('no-microphone');
  fake.turn(call, { state: 'out_of_contact', status: 'no_contact' });
  await inState(page, 'Ingen kontakt');
  await shot('no-contact');
});

await story('silent-pc', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 35_000 });
  await inState(page, 'Lytter');
  fake.silent.add(call);
  const since = Date.now();
  await inState(page, 'Ingen kontakt');
  const seconds = (Date.now() - since) / 1000;
  if (seconds > 5) throw new Error(`said after ${seconds} s that there is no contact with the PC`);
  await shot('no-contact');
  fake.silent.delete(call);
  await inState(page, 'Lytter');
  fake.agent(call, 'starting', 0, 0);
  await inState(page, 'Åbner mikrofonen');
});

await story('pause', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 35_000 });
  fake.agent(call, 'listening', 520, 12);
  await press(page, 'Pause');
  await page.getByRole('button', { name: 'Beder pc’en om det …' }).waitFor();
  fake.agent(call, 'paused', 0, 0, 1_000);
  await inState(page, 'Sat på pause');
  await shot('paused');
  await press(page, 'Fortsæt');
  fake.agent(call, 'listening', 400, 12);
  await inState(page, 'Lytter');
  const said = fake.asked.filter(([, path]) => /pause|resume/.test(path)).map(([, path]) => path.split('/').at(-1));
  same(said.join(), 'pause,resume', 'what the server was asked');
});

await story('objection', async ({ fake, page, shot }) => {
  await ready(fake, page);
  await press(page, 'Borgeren siger nej');
  await page.getByText('Skal hele samtalen slettes?').waitFor();
  await shot('asked');
  await press(page, 'Behold den');
  await until('the box to go', async () => (await page.getByText('Skal hele samtalen slettes?').count()) === 0);
  same(fake.asked.filter(([, path]) => path.endsWith('/discard')).length, 0, 'nothing was erased');
  fake.refuseDiscard = true;
  await press(page, 'Borgeren siger nej');
  await press(page, 'Slet samtalen');
  await page.getByText('Samtalen er ikke slettet.').waitFor();
  fake.refuseDiscard = false;
  await press(page, 'Slet samtalen');
  await inState(page, 'Kasseret');
  await page.getByText('Tekst og udkast er slettet.').waitFor();
  same(await page.locator('textarea:visible').count(), 0, 'nothing is left to write in');
  await shot('erased');
});

await story('draft', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 252_000 });
  talk(fake, call);
  await page.locator('.turn').first().waitFor();
  fake.turn(call, {
    state: 'ended',
    status: 'text_behind',
    status_reason: '12',
    ended_ms: Date.now(),
    duration_ms: 252_000,
  });
  await inState(page, 'Teksten er bagud');
  await shot('text-behind');
  fake.hangUp(call, 252_000);
  fake.draft(call);
  await inState(page, 'Skriver udkast');
  for (const sentence of DRAFT.slice(0, 2)) fake.sentence(call, ...sentence);
  await until('the first sentence', async () => (await value(page, 'reason')).startsWith('Borgeren ringer'));
  await shot('streaming');
  // Typing is possible at once, and stays.
  const typing = field(page, 'agreed').pressSequentially('Jeg ringer tilbage på fredag.', { delay: 15 });
  for (const sentence of DRAFT.slice(2)) {
    await new Promise((resolve) => setTimeout(resolve, 80));
    fake.sentence(call, ...sentence);
  }
  fake.finish(call);
  await typing;
  const lastKey = Date.now();
  await inState(page, 'Udkast klar');
  same(await value(page, 'agreed'), 'Jeg ringer tilbage på fredag.', 'what was typed');
  await page.getByText('Udkastet har mere til dette afsnit').waitFor();
  await until('the edit', () => call.edit?.sections.agreed === 'Jeg ringer tilbage på fredag.');
  same(Date.now() - lastKey <= 2_000, true, 'stored within 2 s of the last key');
  same(await field(page, 'agreed').evaluate((one) => one.matches(':focus')), true, 'the caret is still there');
  same(Object.keys(call.edit.sections).join(), 'agreed', 'only what was touched is stored');
  await page.mouse.move(0, 0);
  await shot('offer');
  await press(page, 'Indsæt');
  same(
    await value(page, 'agreed'),
    `Jeg ringer tilbage på fredag.\n${DRAFT[4][1]}\n${DRAFT[5][1]}`,
    'what was typed and what was taken',
  );
  await until('the draft is reported', () => fake.asked.some(([, path]) => path.endsWith('/draft/shown')));
});

await story('evidence', async ({ fake, page, shot }) => {
  await ready(fake, page);
  const numbers = page.locator('.number');
  same(await numbers.count(), 6, 'numbers in the margin');
  same(await numbers.first().getAttribute('aria-label'), 'Belæg for sætning 1: 2 replikker', 'what a number says');
  await numbers.nth(2).focus();
  await page.keyboard.press('Enter');
  await page.locator('.evidence cite').getByText('Borger 00:32').waitFor();
  same(await page.locator('.looked').textContent(), 'Den nye husleje er 6.450 kroner uden varme.', 'the sentence');
  await shot('open');
  await page.keyboard.press('Escape');
  same(await page.locator('.evidence').count(), 0, 'evidence after Escape');
  same(await numbers.nth(2).evaluate((one) => one.matches(':focus')), true, 'focus is back on the number');
  // A corrected sentence keeps its evidence; a deleted one loses its number.
  await field(page, 'information').fill('Den nye husleje er 6.540 kroner uden varme.');
  await until('fewer numbers', async () => (await numbers.count()) === 4);
});

await story('doubt', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 252_000 });
  talk(fake, call);
  fake.hangUp(call, 252_000);
  fake.draft(call);
  fake.sentence(call, 'reason', 'Boligstøtten er stoppet.', [['far', 1_200]]);
  fake.sentence(
    call,
    'information',
    'Den nye husleje er 6.540 kroner uden varme.',
    [['far', 32_800]],
    [{ kind: 'number', reason: 'not_said', words: '6.540' }],
  );
  fake.finish(call, { kind: 'embedded', model: 'embedded-1', trouble: 'llm_timeout' });
  await inState(page, 'Udkast klar');
  await page.locator('.number.doubtful').click();
  await page.getByText('Tallet »6.540« er ikke nævnt i samtalen.').waitFor();
  await page.getByText('Udkastet er lavet uden sprogmodel.').waitFor();
  await page.getByText('Sprogmodellen svarede ikke i tide.').waitFor();
  await shot('without-language-model');
});

await story('save', async ({ fake, page, shot }) => {
  const call = await ready(fake, page);
  await field(page, 'information').press('End');
  await field(page, 'information').pressSequentially(' Varmen betales for sig.');
  await shot('typing');
  await page.keyboard.press('Control+Enter');
  await inState(page, 'Notat gemt');
  same(call.notes.length, 1, 'versions');
  same(call.notes[0].sections.information.endsWith('Varmen betales for sig.'), true, 'the last words are in the note');
  same(call.edit.sections.information, call.notes[0].sections.information, 'the edit is what was saved');
  await page.getByText('Notatet er gemt.').waitFor();
  await page.getByText('Rettetid 0:').waitFor();
  await shot('saved');
  await page.reload();
  await inState(page, 'Notat gemt');
  await page.locator('.note').getByText('Varmen betales for sig.').waitFor();
  // A correction is version 2.
  await press(page, 'Ret notatet');
  await inState(page, 'Retter notatet');
  await field(page, 'agreed').fill('Borgeren ringer igen.');
  await page.getByText('Du har rettelser').waitFor();
  await shot('amending');
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  same(call.notes.length, 2, 'versions');
  await page.getByText('version 2').waitFor();
  // What came after saving is offered, never put in.
  fake.late(call, 3);
  await page.getByText('3 replikker kom til, efter at du gemte.').waitFor();
  await shot('late');
  const button = page.getByRole('button', { name: 'Nyt udkast' });
  await button.focus();
  // Twice is once: the second finds the first on its way, or the button gone.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.getByText('Udkastet bliver skrevet.').first().waitFor();
  same(fake.asked.filter(([, path]) => path.endsWith('/again')).length, 1, 'how often another draft was asked for');
  for (const sentence of DRAFT) fake.sentence(call, ...sentence);
  fake.sentence(call, 'agreed', 'Borgeren får svar på mail.', [['near', 40_100]]);
  fake.finish(call);
  await page.getByText('Der kom mere af samtalen').waitFor();
  same(await page.locator('.note p').last().textContent(), 'Borgeren ringer igen.', 'the saved note');
  await page.locator('.messages').getByRole('button', { name: 'Ret notatet' }).click();
  await page.getByText('Borgeren får svar på mail.').waitFor();
  await shot('late-offered');
});

await story('two-windows', async ({ fake, page, open, shot }) => {
  const call = await ready(fake, page);
  const other = await open('/');
  await inState(other, 'Udkast klar');
  // The other window hears nothing more, so it does not know what is stored meanwhile.
  await other.route('**/v1/calls/*', (route) => route.abort());
  await field(page, 'agreed').fill('Første vindue.');
  await until('the first edit', () => call.edit?.revision === 1);
  await field(other, 'agreed').fill('Andet vindue.');
  await other.keyboard.press('Control+Enter');
  await other.getByText('Vælg først, hvilken tekst der gælder.').waitFor();
  await other.locator('.elsewhere').getByText('Første vindue.').waitFor();
  same(await value(other, 'agreed'), 'Andet vindue.', 'what was typed in the second window');
  same(call.notes.length, 0, 'notes before the choice');
  await shot('choose', other);
  await press(other, 'Behold begge');
  same(await value(other, 'agreed'), 'Andet vindue.\nFørste vindue.', 'both texts');
  await press(other, 'Gem notat');
  await inState(other, 'Notat gemt');
  same(call.notes[0].sections.agreed, 'Andet vindue.\nFørste vindue.', 'the note');
  // The first window has no text that is not in the note, so it shows the note.
  await inState(page, 'Notat gemt');
});

await story('two-notes', async ({ fake, page, open, shot }) => {
  const call = await ready(fake, page);
  const other = await open('/');
  await inState(other, 'Udkast klar');
  await other.route('**/edit', (route) => route.abort());
  await field(other, 'reason').fill('Det andet.');
  await field(page, 'reason').fill('Det ene.');
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  // A note that was saved elsewhere goes over no unsaved text.
  await other.locator('.elsewhere').getByText('Det ene.').waitFor();
  same(await value(other, 'reason'), 'Det andet.', 'what was typed');
  await shot('offered', other);
  await press(other, 'Behold min');
  await other.unroute('**/edit');
  await press(other, 'Gem notat');
  await until('the second version', () => call.notes.length === 2, 15_000);
  same(call.notes.map(({ sections }) => sections.reason).join(), 'Det ene.,Det andet.', 'both versions');
});

await story('away', async ({ fake, page, shot }) => {
  const call = await ready(fake, page);
  fake.goAway();
  await inState(page, 'Ingen kontakt');
  await field(page, 'agreed').fill('Skrevet uden forbindelse.');
  await press(page, 'Gem notat');
  await page.getByText('Notatet blev ikke gemt.').waitFor();
  await shot('not-saved');
  fake.comeBack();
  await inState(page, 'Udkast klar');
  await until('the edit', () => call.edit?.sections.agreed === 'Skrevet uden forbindelse.', 15_000);
  // Who would close the page before the server has the text is warned, and the page has it still.
  fake.refuseNotes = 503;
  await page.route('**/edit', (route) => route.abort());
  await field(page, 'reason').pressSequentially('Ikke nået frem. ');
  let asked = 0;
  const stay = (dialog) => {
    asked += 1;
    return dialog.dismiss();
  };
  page.on('dialog', stay);
  await page.close({ runBeforeUnload: true });
  await until('the warning', () => asked === 1);
  page.off('dialog', stay);
  const reason = await value(page, 'reason');
  same(reason.includes('Ikke nået frem.'), true, 'what was typed stands there');
  await page.unroute('**/edit');
  await until('the text arrives', () => call.edit?.sections.reason === reason, 15_000);
  await press(page, 'Gem notat');
  await page.getByText('Serveren kunne ikke tage imod det.').waitFor();
  fake.refuseNotes = null;
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  same(call.notes.length, 1, 'versions');
});

await story('signed-out', async ({ fake, page, shot }) => {
  const call = await ready(fake, page);
  fake.forget();
  await inState(page, 'Du er logget ud');
  await field(page, 'agreed').fill('Skrevet efter udløb.');
  await shot('out');
  fake.tokenUsed = false;
  await page.evaluate((token) => {
    location.hash = `#token=${token}`;
  }, TOKEN);
  await inState(page, 'Udkast klar');
  same(await value(page, 'agreed'), 'Skrevet efter udløb.', 'text after the new login');
  await until('the text arrives', () => call.edit?.sections.agreed === 'Skrevet efter udløb.', 15_000);
});

await story('failures', async ({ fake, page, shot }) => {
  const call = fake.begin({ agoMs: 20_000 });
  fake.say(call, 'near', 1_000, 'Hallo?');
  fake.turn(call, { state: 'ended', status: 'transcription_down', ended_ms: Date.now(), duration_ms: 20_000 });
  await inState(page, 'Samtalen bliver ikke til tekst');
  await shot('transcription-down');
  fake.hangUp(call, 20_000);
  fake.draft(call);
  fake.fail(call, 'insufficient_content');
  await inState(page, 'Udkast mislykkedes');
  await page.getByText('Der blev sagt for lidt til et udkast.').waitFor();
  await shot('insufficient');
  await press(page, 'Nyt udkast');
  await page.getByRole('form', { name: 'Nyt udkast' }).waitFor();
  await page.keyboard.press('Enter');
  await inState(page, 'Skriver udkast');
  fake.fail(call, 'drafter_failed');
  await page.getByText('Udkastet kunne ikke laves.').waitFor();
  fake.turn(call, { state: 'discarded', status: 'discarded' });
  await inState(page, 'Kasseret');
  await shot('discarded');
});

await story('list', async ({ fake, page, shot }) => {
  const old = fake.begin({ caseId: '2026-098811', agoMs: 4_000_000 });
  fake.hangUp(old, 60_000);
  drafted(fake, old, DRAFT.slice(0, 1));
  fake.finish(old);
  await inState(page, 'Udkast klar');
  const call = fake.begin({ caseId: '2026-220417', agoMs: 5_000 });
  await page.getByText('Et nyt opkald er i gang.').waitFor();
  await shot('new-call');
  await press(page, 'Vis det');
  await inState(page, 'Lytter');
  fake.say(call, 'far', 1_000, 'Goddag.');
  await page.getByText('Goddag.').waitFor();
  // The unsaved one stays within reach.
  await page.locator('summary', { hasText: 'Opkald (2)' }).click();
  await shot('open');
  await page.getByRole('button', { name: 'sag 2026-098811' }).click();
  await inState(page, 'Udkast klar');
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  // Nothing is unfinished now: the next call shows itself.
  fake.begin({ caseId: '2026-300300' });
  await inState(page, 'Lytter');
});

await story(
  'wide',
  async ({ fake, page, shot }) => {
    const old = fake.begin({ caseId: '2026-098811', agoMs: 90_000_000 });
    fake.hangUp(old, 60_000);
    const call = fake.begin({ agoMs: 35_000 });
    talk(fake, call, TURNS.slice(0, 6));
    fake.agent(call, 'listening', 420, 120);
    await page.getByText('Jeg skal bruge lejekontrakten.').waitFor();
    fake.agent(call, 'listening', 420, 120);
    await shot('live');
    talk(fake, call, TURNS.slice(6));
    fake.hangUp(call, 46_000);
    fake.draft(call);
    for (const sentence of DRAFT.slice(0, 3)) fake.sentence(call, ...sentence);
    await until('a sentence', async () => (await value(page, 'reason')) !== '');
    await shot('drafting');
    for (const sentence of DRAFT.slice(3)) fake.sentence(call, ...sentence);
    fake.finish(call, { kind: 'embedded', model: 'embedded-1', trouble: 'not_configured' });
    await inState(page, 'Udkast klar');
    await page.locator('.number').first().click();
    await shot('ready');
    await press(page, 'English');
    await inState(page, 'Draft ready');
    await page.keyboard.press('Control+Enter');
    await inState(page, 'Note saved');
    await shot('english');
  },
  { size: WIDE },
);

await story(
  'dark',
  async ({ fake, page, shot }) => {
    await ready(fake, page, { kind: 'embedded', model: 'embedded-1', trouble: 'llm_unavailable' });
    await page.locator('.number').nth(1).click();
    await shot('ready');
  },
  { colorScheme: 'dark' },
);

await story(
  'contrast',
  async ({ fake, page, shot }) => {
    await ready(fake, page);
    await page.locator('.number').nth(1).click();
    await shot('ready');
  },
  { forcedColors: 'active' },
);

await story(
  'small',
  async ({ fake, page, shot }) => {
    await ready(fake, page);
    const wider = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    same(wider, false, 'the page scrolls sideways at 320 px');
    await shot('ready');
  },
  { size: { width: 320, height: 640 } },
);

await import('./checks.mjs');
await import('./writing.mjs');
await import('./keys.mjs');
await import('./everywhere.mjs');
await import('./again.mjs');
await import('./activity.mjs');
await import('./areas.mjs');
await import('./manager.mjs');
await import('./embed.mjs');
await theEnd();
