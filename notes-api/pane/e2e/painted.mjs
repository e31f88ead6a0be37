// How long a sentence of the draft takes from its event to the frame that shows it, and a letter from its key.
//
// In: a page, its server. Out: milliseconds, one for each sentence and for each key. In the page: from when the stream gave the
// bytes of the event to the end of the frame in which its words stand in the text field; from when the browser had the key to the
// end of the first frame after the text had changed. The clock is the page's own, at both ends.

import { until } from './browser.mjs';
import { field, inState, talk } from './story.mjs';

const CALLS = 10;
const SENTENCES = 30;
const KEYS = 30;
const WORDS = 'Borgeren oplyser at huslejen er steget og spørger hvornår den nye boligstøtte bliver udbetalt'.split(
  ' ',
);

export const painted = async ({ fake, page }) => {
  await page.addInitScript(watch);
  await page.reload();
  await page.getByText('Der er ingen opkald endnu').waitFor();
  const [events, keys] = [[], []];
  for (let number = 0; number < CALLS; number += 1) {
    const call = fake.begin({ agoMs: 600_000 - number * 1_000 });
    await until('the call', async () => (await page.locator('note-pane').getAttribute('call')) === call.id);
    // As much as half an hour of talk stands there.
    for (let round = 0; round < 25; round += 1)
      talk(fake, call, [[round % 2 === 0 ? 'far' : 'near', round * 2_000, `${WORDS.join(' ')} ${round}.`]]);
    fake.hangUp(call, 60_000);
    fake.draft(call);
    await inState(page, 'Skriver udkast');
    for (let index = 0; index < SENTENCES; index += 1) {
      const text = `Nr. ${number}-${index}: ${WORDS.join(' ')}.`;
      const section = ['reason', 'information', 'agreed'][index % 3];
      const paint = page.evaluate((words) => globalThis.painted(words), `Nr. ${number}-${index}:`);
      // The page looks out before there is something to see.
      await page.evaluate(() => undefined);
      fake.sentence(call, section, text, [['far', 0]]);
      events.push(await paint);
    }
    fake.finish(call);
    await inState(page, 'Udkast klar');
    await field(page, 'information').press('Control+End');
    for (let key = 0; key < KEYS; key += 1) {
      const paint = page.evaluate(() => globalThis.keyPainted());
      await page.evaluate(() => undefined);
      await page.keyboard.press('abcde '[key % 6]);
      keys.push(await paint);
    }
    await page.keyboard.press('Control+Enter');
    await inState(page, 'Notat gemt');
  }
  return { events, keys };
};

/** In the page, before its own script: remembers when each piece of a stream came, and waits for words to be painted. */
const watch = () => {
  const came = [];
  const { read } = ReadableStreamDefaultReader.prototype;
  ReadableStreamDefaultReader.prototype.read = async function (...given) {
    const piece = await read.apply(this, given);
    if (typeof piece.value === 'string') came.push([performance.now(), piece.value]);
    return piece;
  };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  // A task that a frame's own code asks for runs when the frame is done.
  const done = () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
  const seen = (words) => {
    const root = document.querySelector('note-pane')?.shadowRoot;
    return [...(root?.querySelectorAll('textarea') ?? [])].some(({ value }) => value.includes(words));
  };
  globalThis.painted = async (words) => {
    do await frame();
    while (!seen(words));
    await done();
    return performance.now() - came.find(([, text]) => text.includes(words))[0];
  };
  let pressed = 0;
  const press = ({ timeStamp }) => {
    pressed = timeStamp;
  };
  addEventListener('keydown', press, { capture: true });
  globalThis.keyPainted = async () => {
    await new Promise((typed) => addEventListener('input', typed, { capture: true, once: true }));
    const from = pressed;
    await frame();
    await done();
    return performance.now() - from;
  };
};
