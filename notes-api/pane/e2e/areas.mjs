// The page of the areas: what is in force, a broken file, the sample call, and who may look.

import { until } from './browser.mjs';
import { story } from './story.mjs';

await story('areas', async ({ fake, page, open, context, shot }) => {
  await page.getByText('Der er ingen opkald endnu').waitFor();
  const areas = await open('/areas');
  // The broken one first: that is what somebody came for.
  await areas.getByText('boligstoette.toml: Filen har fejl og er ikke taget i brug.').waitFor();
  await areas.getByText('Linje 3').waitFor();
  await areas.getByText('er ikke en af mulighederne; skriv "short", "normal" eller "detailed"').waitFor();
  await areas.getByText('I kraft siden').waitFor();
  await areas.getByText('Husleje – linje 1').waitFor();
  await shot('broken', areas);
  fake.refuseAreaDraft = 503;
  await areas.getByRole('button', { name: 'Nyt udkast' }).click();
  await areas.getByText('Der er ingen pipeline, som kan skrive udkast lige nu.').waitFor();
  fake.refuseAreaDraft = null;
  await areas.getByRole('button', { name: 'Nyt udkast' }).click();
  await areas.getByText('Huslejen bliver 7.580 kroner.').waitFor();
  await areas.getByText('»7.580 kroner«').waitFor();
  await areas.getByText('Udkastet er lavet uden sprogmodel.').waitFor();
  await shot('draft', areas);
  await areas.getByRole('link', { name: 'standard' }).click();
  await until('no trouble', async () => (await areas.locator('.trouble').count()) === 0);
  await areas.getByRole('button', { name: 'English' }).click();
  await areas.getByText('Must be in the note if it is spoken of').waitFor();
  await areas.getByRole('link', { name: 'ny' }).click();
  await areas.getByText('This area never had a file without mistakes.').waitFor();
  await areas.getByText('is none of these; write short, normal or detailed').waitFor();
  fake.areas = [];
  await areas.goto(areas.url().replace(/#.*/, ''));
  await areas.reload();
  await areas.getByText('There are no areas.').waitFor();
  await context.clearCookies();
  // The address alone says which language.
  const stranger = await open('/areas?lang=en');
  await stranger.getByText('Open the link').waitFor();
});
