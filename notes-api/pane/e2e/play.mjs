// Plays one call again and again, to look at (`npm run dev`).

import { Fake, TOKEN } from './fake.mjs';
import { DRAFT, TURNS } from './given.mjs';

const fake = new Fake();
const url = await fake.listen(Number(process.env.PORT ?? 8099));
process.stdout.write(`${url}/#token=${TOKEN}\n`);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (;;) {
  const call = fake.begin();
  for (const [track, startMs, text] of TURNS) {
    const words = text.split(' ');
    for (let count = 2; count < words.length; count += 2) {
      fake.partial(call, track, startMs, words.slice(0, count).join(' '));
      fake.agent(call, 'listening', track === 'near' ? 500 : 8, track === 'far' ? 400 : 8);
      await wait(400);
    }
    fake.say(call, track, startMs, text);
  }
  fake.hangUp(call, 46_000);
  fake.draft(call);
  for (const sentence of DRAFT) {
    await wait(500);
    fake.sentence(call, ...sentence);
  }
  fake.finish(call);
  await wait(60_000);
}
