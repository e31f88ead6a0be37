// A walk through every state of the pages, for what holds in all of them: no fault of accessibility, nothing lost when enlarged.
//
// In: a page that has just been signed in, its server, and what to do in each state. Out: the names of the states.

import { until } from './browser.mjs';
import { doubted } from './doubted.mjs';
import { TOKEN } from './fake.mjs';
import { AREAS, DRAFT } from './given.mjs';
import { drafted, field, inState, press, talk } from './story.mjs';

export const walk = async ({ fake, page, open }, visit) => {
  await page.getByText('Der er ingen opkald endnu').waitFor();
  await visit('no-calls', page);
  fake.there({ in_contact: 0, lost: 1 });
  await page.getByText('Pc: Ingen kontakt').waitFor();
  await visit('pc-lost', page);

  const live = fake.begin({ agoMs: 400_000 });
  await inState(page, 'Lytter');
  fake.agent(live, 'listening', 520, 12);
  talk(fake, live);
  fake.gap(live, 'near', 42_000, 44_000, 'device_lost');
  fake.suppress(live, 'near', 45_000, 'Tak fordi du så med.', 'known_invention');
  fake.partial(live, 'far', 46_000, 'Tak for det');
  await page.locator('.coming').getByText('Tak for det').waitFor();
  await visit('listening', page);
  await page.keyboard.press('Alt+s');
  await page.getByRole('searchbox').fill('husleje');
  await page.locator('mark.here').waitFor();
  await visit('searching', page);
  await page.keyboard.press('Escape');
  fake.agent(live, 'no_sound_near', 0, 400, 7_000);
  await inState(page, 'Ingen lyd fra din mikrofon');
  await visit('no-microphone', page);
  fake.agent(live, 'paused', 0, 0, 9_000);
  await inState(page, 'Sat på pause');
  await visit('paused', page);
  await press(page, 'Borgeren siger nej');
  await page.getByText('Skal hele samtalen slettes?').waitFor();
  await visit('objection', page);
  await press(page, 'Behold den');
  fake.turn(live, {
    state: 'ended',
    status: 'text_behind',
    status_reason: '12',
    ended_ms: Date.now(),
    duration_ms: 35_000,
  });
  await inState(page, 'Teksten er bagud');
  await visit('text-behind', page);
  fake.hangUp(live, 35_000);
  fake.draft(live);
  fake.sentence(live, ...DRAFT[0]);
  await inState(page, 'Skriver udkast');
  await field(page, 'reason').waitFor();
  await visit('drafting', page);
  fake.fail(live, 'insufficient_content');
  await inState(page, 'Udkast mislykkedes');
  await visit('failed', page);

  const call = fake.begin({ agoMs: 252_000, caseId: null });
  await showing(page, call);
  doubted(fake, call);
  await inState(page, 'Udkast klar');
  await visit('doubts', page);
  await page.locator('.number').nth(1).click();
  await page.locator('.evidence').waitFor();
  await visit('evidence', page);
  await page.keyboard.press('Escape');
  fake.goAway();
  await inState(page, 'Ingen kontakt');
  await visit('away', page);
  fake.comeBack();
  await inState(page, 'Udkast klar');
  fake.forget();
  await inState(page, 'Du er logget ud');
  await visit('signed-out', page);
  fake.tokenUsed = false;
  await page.evaluate((token) => {
    location.hash = `#token=${token}`;
  }, TOKEN);
  await inState(page, 'Udkast klar');
  await press(page, 'Nyt udkast');
  await page.getByRole('form', { name: 'Nyt udkast' }).waitFor();
  await visit('again', page);
  await page.keyboard.press('Escape');
  await page.keyboard.press('F1');
  await page.getByRole('dialog').waitFor();
  await visit('help', page);
  await page.keyboard.press('Escape');
  await field(page, 'agreed').fill('Jeg ringer\u200b tilbage.');
  fake.draft(call);
  for (const sentence of DRAFT) fake.sentence(call, ...sentence);
  fake.finish(call, { kind: 'embedded', model: 'embedded-1', trouble: 'llm_timeout' });
  await page.getByText('Udkastet har mere til dette afsnit').waitFor();
  await visit('offer', page);
  await press(page, 'Indsæt');
  await until('the edit', () => call.edit?.sections.agreed?.includes('borger.dk'));
  fake.elsewhere(call, { agreed: 'Borgeren ringer tilbage.' });
  await page.route('**/edit', (route) => route.abort());
  await field(page, 'agreed').fill('Jeg ringer tilbage på fredag.');
  await page.locator('.elsewhere').waitFor();
  await visit('two-texts', page);
  await press(page, 'Behold begge');
  fake.refuseNotes = 503;
  await page.unroute('**/edit');
  await press(page, 'Gem notat');
  await page.getByText('Notatet blev ikke gemt.').waitFor();
  await visit('not-saved', page);
  fake.refuseNotes = null;
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  await visit('saved', page);
  await press(page, 'Ret notatet');
  await field(page, 'agreed').fill('Borgeren ringer igen på fredag.');
  await press(page, 'Gem notat');
  await inState(page, 'Notat gemt');
  fake.late(call, 3);
  await page.getByText('3 replikker kom til').waitFor();
  await visit('late', page);
  await page.keyboard.press('Alt+v');
  await page.getByRole('dialog').waitFor();
  await page.getByLabel('Sammenlign med').selectOption('1');
  await visit('versions', page);
  await page.keyboard.press('Escape');

  const old = fake.begin({ agoMs: 3_600_000 });
  fake.hangUp(old, 60_000);
  drafted(fake, old);
  old.ended_ms -= 3_000_000;
  fake.finish(old);
  await page.getByText('1 udkast').first().waitFor();
  await visit('reminded', page);
  await press(page, 'English');
  await page.getByRole('button', { name: 'Correct the note' }).waitFor();
  await visit('english', page);
  await press(page, 'Dansk');

  fake.forget();
  const stranger = await open('/');
  await stranger.getByText('Åbn linket, som programmet skrev').waitFor();
  await visit('sign-in', stranger);
  fake.tokenUsed = false;
  await stranger.goto(`${new URL(stranger.url()).origin}/#token=${TOKEN}`);
  await stranger.locator('.state').waitFor();
  fake.areas = AREAS;
  await stranger.goto(`${new URL(stranger.url()).origin}/areas`);
  await stranger.getByRole('heading', { level: 1 }).waitFor();
  await visit('areas', stranger);
  await stranger.goto(`${new URL(stranger.url()).origin}/manager`);
  await stranger.getByRole('heading', { level: 1 }).waitFor();
  await visit('manager', stranger);
};

/** A new call shows itself where nothing unsaved stands, and else is offered. */
const showing = async (page, call) => {
  const offered = page.locator('.banner:not(.reminder) button');
  await until('the new call, shown or offered', async () => {
    if (await offered.isVisible()) await offered.click();
    return (await page.locator('note-pane').getAttribute('call')) === call.id;
  });
};
