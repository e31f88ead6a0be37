import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostLink, type Line, type Opened } from '../src/host-link';
import type { FromHost } from '../src/protocol';

const CASES = 'https://esdh.example';
const OTHERS = 'https://other.example';
const GOOD: Opened = { kind: 'open', caseId: '2026-114823' };

/** A link whose time stands still until `pass`, and whose server says what it is told to. */
class World {
  readonly posted: { kind: string; to: string; why?: string }[] = [];
  readonly heard: FromHost[] = [];
  readonly lines: Line[] = [];
  readonly codes: [string, string][] = [];
  answer: Opened | Promise<Opened> = GOOD;
  #ids = 0;
  #waiting: (() => void)[] = [];
  readonly host = {
    postMessage: (message: { kind: string; why?: string }, to: string): void => {
      const { kind, why } = message;
      this.posted.push({ kind, to, ...(why === undefined ? {} : { why }) });
    },
  } as unknown as Window;
  readonly link = new HostLink({
    host: this.host,
    open: async (code, origin) => {
      this.codes.push([code, origin]);
      return this.answer;
    },
    heard: (said) => this.heard.push(said),
    turned: (line) => this.lines.push(line),
    id: () => this.id(),
    wait: () => new Promise((resolve) => this.#waiting.push(resolve)),
  });

  id(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  say(saying: Record<string, unknown>, { origin = CASES, source = this.host as unknown } = {}): Promise<void> {
    return this.link.hear({ source, origin, data: { referent: 1, id: this.id(), ...saying } });
  }

  /** The time that somebody waits for is over. */
  async pass(): Promise<void> {
    for (const go of this.#waiting.splice(0)) go();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get line(): Line | undefined {
    return this.lines.at(-1);
  }
}
const LAUNCH = { kind: 'launch', code: 'a' };
const CONTEXT = { kind: 'context', case_id: 'b' };

test('the first host whose code the server takes is the only one that is heard', async () => {
  const world = new World();
  await world.say(LAUNCH);
  assert.deepEqual(world.codes, [['a', CASES]]);
  assert.equal(world.line, 'open');
  await world.say(CONTEXT, { origin: OTHERS });
  await world.say(LAUNCH, { origin: OTHERS });
  await world.say(CONTEXT, { source: {} });
  assert.deepEqual(
    world.heard.map(({ kind }) => kind),
    ['context'],
    'the case that the server named',
  );
  assert.deepEqual(world.codes.length, 1);
  assert.deepEqual(world.link.counts, { accepted: 1, ignored: 3 });
  await world.say(CONTEXT);
  assert.deepEqual(world.heard.at(-1), CONTEXT);
  world.link.tell({ kind: 'height', px: 1 });
  assert.deepEqual(world.posted, [{ kind: 'height', to: CASES }], 'those that were not heard are not answered');
});

test('what is said before a code is taken waits for it, and is forgotten with it', async () => {
  const world = new World();
  await world.say({ ...CONTEXT, case_id: 'of another' }, { origin: OTHERS });
  await world.say(CONTEXT);
  assert.equal(world.heard.length, 0);
  await world.say(LAUNCH);
  assert.deepEqual(
    world.heard.map((said) => (said.kind === 'context' ? said.case_id : said.kind)),
    ['2026-114823', 'b'],
  );

  const refused = new World();
  refused.answer = { kind: 'refused', why: 'foreign_origin' };
  await refused.say(CONTEXT, { origin: OTHERS });
  await refused.say(LAUNCH, { origin: OTHERS });
  assert.equal(refused.line, 'foreign_origin');
  assert.deepEqual(refused.posted, [{ kind: 'refused', why: 'foreign_origin', to: OTHERS }]);
  refused.answer = GOOD;
  await refused.say(LAUNCH);
  assert.equal(refused.heard.length, 1, 'nothing of what came with the refused code');
});

test('a later code renews the session, and leaves the case that the host has said since', async () => {
  const world = new World();
  await world.say(LAUNCH);
  const identifiers = [{ kind: 'cpr', value: '610564-1234' }];
  let open = (_: Opened): void => undefined;
  world.answer = new Promise((resolve) => {
    open = resolve;
  });
  const renewal = world.say({ ...LAUNCH, code: 'b' });
  // The element says them right behind the code, and the server's answer comes after.
  await world.say({ ...CONTEXT, identifiers });
  open(GOOD);
  await renewal;
  assert.deepEqual(world.heard.at(-1), { ...CONTEXT, identifiers });
  assert.equal(world.line, 'open');
  assert.deepEqual(world.link.counts, { accepted: 3, ignored: 0 });
});

test('a second code while the first is looked at is refused', async () => {
  const world = new World();
  let open = (_: Opened): void => undefined;
  world.answer = new Promise((resolve) => {
    open = resolve;
  });
  const first = world.say(LAUNCH);
  await world.say({ ...LAUNCH, code: 'b' });
  assert.deepEqual(world.posted, [{ kind: 'refused', why: 'busy', to: CASES }]);
  open(GOOD);
  await first;
  assert.deepEqual(world.codes, [['a', CASES]]);
  assert.equal(world.line, 'open');
});

test('a host that says nothing is asked five times, and then when a person wants it', async () => {
  const world = new World();
  void world.link.want();
  for (let count = 0; count < 10; count += 1) await world.pass();
  assert.deepEqual(world.posted, Array(5).fill({ kind: 'ready', to: '*' }));
  assert.equal(world.line, 'silent');
  await world.link.want();
  assert.equal(world.posted.length, 5, 'nobody asks by itself any more');
  void world.link.again();
  assert.equal(world.posted.length, 6);
});

test('a code that is no good is asked for anew, five times', async () => {
  const world = new World();
  world.answer = { kind: 'refused', why: 'code' };
  const wanted = (): number => world.posted.filter(({ kind }) => kind === 'launch_wanted').length;
  for (let count = 1; count <= 6; count += 1) {
    void world.say(LAUNCH);
    await world.pass();
    await world.pass();
  }
  assert.equal(world.line, 'silent');
  assert.ok(wanted() >= 5 && wanted() <= 10, `${wanted()} questions`);
});

test('a window without an origin of its own is nobody', async () => {
  const world = new World();
  for (const origin of ['null', '', 'file://', 'data:']) await world.say(LAUNCH, { origin });
  assert.deepEqual([world.codes, world.posted], [[], []]);
  assert.equal(world.link.counts.ignored, 4);
});
