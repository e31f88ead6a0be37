// Which case the frame takes for the open one when nobody looks: while a session is renewed, and while words that have not
// reached the server hold the pane at the case before.

import { same, until } from './browser.mjs';
import {
  CASE,
  ended,
  field,
  heardBy,
  hosted,
  identify,
  inState,
  OTHER,
  OWN,
  open,
  sees,
  spoken,
  visit,
} from './hosted.mjs';

export const tellOfTheOpenCase = async () => {
  await hosted('embed-renewed', async (told) => {
    const { fake, page, host } = told;
    const frame = await visit(told);
    await sees(frame, `Der er ingen samtaler på sag ${CASE}.`);
    // The sample page asks for codes of its first case, whichever is open by now.
    await open(page, OTHER);
    await identify(page, [OWN]);
    const call = ended(fake, { caseId: OTHER });
    fake.foreign = [spoken('720371-4321', 9)];
    await inState(frame, 'Udkast klar');
    fake.expireBearers();
    await until('another session', () => host.launches === 2 && fake.bearers.size === 1);
    // It is heard after the server's answer: an event of the new session.
    await field(frame, 'agreed').press('End');
    await field(frame, 'agreed').pressSequentially(' Jeg ringer fredag.');
    await until('the text', () => call.edit?.sections.agreed.endsWith('Jeg ringer fredag.'));
    await field(frame, 'agreed').press('Control+Enter');
    await frame.getByRole('alertdialog').getByText(`som sag ${OTHER} ikke har: CPR 720371-4321`).waitFor();
    same(JSON.stringify(fake.caseChecks), JSON.stringify([{ identifiers: [OWN] }]), 'what the server was asked');
    same(call.notes.length, 0, 'notes before it was confirmed');
  });

  await hosted('embed-unsent', async (told) => {
    const { fake, page, shot } = told;
    const frame = await visit(told);
    const call = ended(fake);
    await inState(frame, 'Udkast klar');
    await field(frame, 'agreed').press('End');
    fake.goAway();
    await field(frame, 'agreed').pressSequentially(' Jeg ringer fredag.');
    await sees(frame, 'Ikke gemt');
    await open(page, OTHER);
    await sees(frame, `Fagsystemet har åbnet sag ${OTHER}.`);
    // The pane is at the case before, and the person looks at the other one: a save is asked about.
    await field(frame, 'agreed').press('Control+Enter');
    const box = frame.getByRole('alertdialog');
    await box.getByText(`Samtalen hører til sag ${CASE}, men sag ${OTHER} er åben.`).waitFor();
    await shot('asked');
    await page.keyboard.press('Escape');
    await box.waitFor({ state: 'hidden' });
    const heard = (await heardBy(page)).length;
    fake.comeBack();
    await until('the text', () => call.edit?.sections.agreed.endsWith('Jeg ringer fredag.'), 20_000);
    await sees(frame, `Der er ingen samtaler på sag ${OTHER}.`);
    await sees(frame, `Du har tekst på sag ${CASE}, der ikke er gemt som notat.`);
    same(call.notes.length, 0, 'notes');
    same((await heardBy(page)).length, heard, 'what the host was told of a case that it has left');
  });
};
