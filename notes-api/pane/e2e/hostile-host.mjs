// Who must not be heard: pages and frames that send what they should not, in both directions, and pages that must not hold
// the frame at all. Counted by what had an effect, beside what is known to have one.

import { same, until } from './browser.mjs';
import { Host } from './host.mjs';
import { CASE, frameOf, heardBy, hosted, sees, visit } from './hosted.mjs';
import { RIGHT, sendRight, sendWrong } from './wrong-messages.mjs';

const LEAST_KINDS = 100;

/** A page that holds the frame by itself, without our element: its frame can be reached by every other frame. */
const plainPage = (referent) => `<!doctype html><title>Sag</title>
  <iframe src="${referent}/embed#da" style="width: 400px; height: 500px"></iframe>
  <script>
    window.said = [];
    window.answers = true;
    window.say = (saying) => {
      const message = { referent: 1, id: crypto.randomUUID(), ...saying };
      window.said.push(message);
      frames[0].postMessage(message, '${referent}');
    };
    addEventListener('message', async ({ data, origin }) => {
      if (origin !== '${referent}' || !window.answers) return;
      if (data.kind !== 'ready' && data.kind !== 'launch_wanted') return;
      const answer = await fetch('/launch?case=${CASE}', { method: 'POST' });
      window.say({ kind: 'launch', code: (await answer.json()).code });
    });
  </script>`;
const EMPTY = '<!doctype html><title>Somebody else</title>';

const counted = (frame) =>
  frame.evaluate(() => ({
    accepted: Number(document.documentElement.dataset.accepted ?? 0),
    ignored: Number(document.documentElement.dataset.ignored ?? 0),
  }));
const total = (sent) => Object.values(sent).reduce((sum, count) => sum + count, 0);
/** Everything that a host, or whoever plays one, can change in the frame. */
const standing = (frame) =>
  frame.evaluate(() => [document.documentElement.lang, document.querySelector('.notice')?.textContent].join());

/** Adds a frame to the page, and gives it once it is there. */
const beside = async (page, url) => {
  // Where it takes no room: a narrower page is a reason for another height.
  const frame = { src: url, style: 'position: fixed; bottom: 0; width: 40px; height: 20px' };
  await page.evaluate((given) => document.body.append(Object.assign(document.createElement('iframe'), given)), frame);
  return frameOf(page, url);
};

/** Sends to the frame what it must not believe; gives how much was sent, and how much had an effect. */
export const atTheFrame = async ({ fake, url, page, host, stranger }) => {
  host.pages.set('/plain', plainPage(url));
  host.pages.set('/empty', EMPTY);
  stranger.pages.set('/empty', EMPTY);
  await page.goto(`${host.origin}/plain`);
  const frame = await frameOf(page);
  await sees(frame, `Der er ingen samtaler på sag ${CASE}.`);
  const [before, stood] = [await counted(frame), await standing(frame)];
  const opened = () => fake.asked.filter(([, path]) => path === '/v1/session').length;
  const openedBefore = opened();

  // The page itself, which may speak: nothing that it says is right.
  await page.evaluate(() => {
    window.target = window.frames[0];
  });
  const names = await page.evaluate(sendWrong, RIGHT.frame);
  let sent = total(names);
  // What it said before, once more.
  const replayed = await page.evaluate(() => {
    for (const message of window.said) window.frames[0].postMessage(message, '*');
    return window.said.length;
  });
  sent += replayed;
  // Windows that may not speak, with right messages: another frame of the page, of its origin and of another; the frame itself.
  for (const address of [`${host.origin}/empty`, `${stranger.origin}/empty`]) {
    const other = await beside(page, address);
    await other.evaluate(() => {
      window.target = parent.frames[0];
    });
    sent += total(await other.evaluate(sendRight, RIGHT.frame));
  }
  await frame.evaluate(() => {
    window.target = window;
  });
  sent += total(await frame.evaluate(sendRight, RIGHT.frame));
  const heard = ({ accepted, ignored }) => accepted + ignored - before.accepted - before.ignored;
  await until('all of it to be heard', async () => heard(await counted(frame)) >= sent);

  const after = await counted(frame);
  same(after.accepted, before.accepted, 'what was accepted');
  same(await standing(frame), stood, 'what the frame shows');
  same(opened(), openedBefore, 'sessions that were asked for');
  // What is counted is counted: a right message has its effect.
  await page.evaluate(() => window.say({ kind: 'language', lang: 'en' }));
  await sees(frame, `There are no calls of case ${CASE}.`);
  same((await counted(frame)).accepted, after.accepted + 1, 'a right message');
  return { kinds: Object.keys(names), sent, accepted: after.accepted - before.accepted };
};

/** Sends to the host's element what it must not believe. */
export const atTheHost = async (told) => {
  const { url, page, host, stranger } = told;
  host.pages.set('/empty', EMPTY);
  stranger.pages.set('/empty', EMPTY);
  const frame = await visit(told);
  await sees(frame, `Der er ingen samtaler på sag ${CASE}.`);
  await until('the height', () => page.evaluate(() => document.querySelector('referent-pane').style.height !== ''));
  // It may have another one to say.
  await page.waitForTimeout(500);
  const stand = async () => {
    const [heard, height] = [
      await heardBy(page),
      await page.evaluate(() => document.querySelector('referent-pane').style.height),
    ];
    return { heard: heard.length, height, launches: host.launches };
  };
  const before = await stand();
  // The frame's own window, as if something had got into it.
  await frame.evaluate(() => {
    window.target = parent;
  });
  const names = await frame.evaluate(sendWrong, RIGHT.host);
  let sent = total(names);
  // Other frames, one of Referent's own among them, and the page itself.
  for (const address of [`${host.origin}/empty`, `${stranger.origin}/empty`, `${url}/embed#second`]) {
    const other = await beside(page, address);
    await other.evaluate(() => {
      window.target = parent;
    });
    sent += total(await other.evaluate(sendRight, RIGHT.host));
  }
  await page.evaluate(() => {
    window.target = window;
  });
  sent += total(await page.evaluate(sendRight, RIGHT.host));
  const after = await stand();
  // What is looked at would change: a right message has its effect.
  await frame.evaluate(sendRight, [{ kind: 'height', px: 777 }]);
  same((await stand()).height, '777px', 'a right message');
  // The frame's window again, with another site's page in it.
  const gone = await stand();
  await page.evaluate((address) => {
    document.querySelector('referent-pane').shadowRoot.querySelector('iframe').src = address;
  }, `${stranger.origin}/empty?inside`);
  const inside = await frameOf(page, '/empty?inside');
  await inside.waitForLoadState();
  await inside.evaluate(() => {
    window.target = parent;
  });
  sent += total(await inside.evaluate(sendRight, RIGHT.host));
  const end = await stand();
  const effects = [
    [before, after],
    [gone, end],
  ].map(([one, other]) => [
    other.heard - one.heard,
    other.launches - one.launches,
    other.height === one.height ? 0 : 1,
  ]);
  if (effects.flat().some((count) => count !== 0)) console.error('events, codes, heights:', JSON.stringify(effects));
  return { kinds: Object.keys(names), sent, accepted: effects.flat().reduce((sum, count) => sum + count, 0) };
};

/** With a second site, which is none of the case system's. */
export const among = (name, tell) =>
  hosted(name, async (told) => {
    const stranger = new Host(told.url, told.host.key);
    await stranger.listen();
    try {
      await tell({ ...told, stranger });
    } finally {
      stranger.close();
    }
  });

export const tellOfHostiles = async () => {
  await among('embed-hostile-host', async (told) => {
    const { kinds, accepted } = await atTheFrame(told);
    same(accepted, 0, 'accepted');
    if (kinds.length < LEAST_KINDS) throw new Error(`only ${kinds.length} kinds were tried`);
  });

  await among('embed-hostile-frame', async (told) => {
    const { kinds, accepted } = await atTheHost(told);
    same(accepted, 0, 'accepted');
    if (kinds.length < LEAST_KINDS) throw new Error(`only ${kinds.length} kinds were tried`);
  });

  await among('embed-wrong-origin', async ({ fake, url, page, host, stranger, context, shot }) => {
    for (const one of [host, stranger]) one.pages.set('/plain', plainPage(url)).set('/empty', EMPTY);
    // Not on any list: the browser does not show the frame there, and no code comes to it.
    const refused = await context.newPage();
    const complained = [];
    refused.on('console', (message) => complained.push(message.text()));
    await refused.goto(`${stranger.origin}/plain`);
    await until('the browser’s refusal', () => complained.some((text) => /frame-ancestors/.test(text)));
    same(stranger.launches, 0, 'codes');
    await refused.close();
    // On the list of another case system: it may show the frame, but a code of this one opens nothing there, and is void.
    fake.othersOrigins = [stranger.origin];
    await page.goto(`${stranger.origin}/plain`);
    const frame = await frameOf(page);
    await sees(frame, 'Dette fagsystem må ikke vise samtaler.');
    await shot('foreign');
    same(fake.bearers.size, 0, 'sessions');
    same((await counted(frame)).accepted, 0, 'accepted');
    const [{ code }] = await page.evaluate(() => window.said);
    await page.goto(`${host.origin}/empty`);
    const late = await fetch(`${url}/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ launch: code, origin: host.origin }),
    });
    same(late.status, 401, 'the code afterwards');
  });

  await among('embed-used-code', async ({ fake, url, page, host }) => {
    host.pages.set('/plain', plainPage(url));
    await page.goto(`${host.origin}/plain`);
    const frame = await frameOf(page);
    await sees(frame, `Der er ingen samtaler på sag ${CASE}.`);
    const { accepted } = await counted(frame);
    // In a message that is new: the server knows the code.
    await page.evaluate(() => {
      window.answers = false;
      window.say({ kind: 'launch', code: window.said[0].code });
    });
    await until('the refusal', () => fake.asked.some(([, path, status]) => path === '/v1/session' && status === 401));
    same((await counted(frame)).accepted, accepted, 'accepted');
    same(fake.bearers.size, 1, 'sessions');
    // It goes on with the session that it has.
    const call = fake.begin();
    await frame.locator('.state strong').filter({ hasText: 'Lytter' }).waitFor();
    same(call.case_id, CASE, 'the case');
  });

  await among('embed-unlaunched', async ({ url, page, host }) => {
    host.pages.set('/silent', plainPage(url).replace('window.answers = true', 'window.answers = false'));
    await page.goto(`${host.origin}/silent`);
    const frame = await frameOf(page);
    await sees(frame, 'Venter på fagsystemet …');
    await page.evaluate(() => {
      for (let count = 0; count < 20; count += 1) window.say({ kind: 'context', case_id: '2026-200417' });
      window.say({ kind: 'language', lang: 'en' });
    });
    await until('all of it to be heard', async () => (await counted(frame)).ignored >= 13);
    same((await counted(frame)).accepted, 0, 'accepted without a code');
    await sees(frame, 'Venter på fagsystemet …');
  });
};
