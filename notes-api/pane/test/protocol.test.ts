import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FROM_FRAME, FROM_HOST, Inbox, type Kinds, message } from '../src/protocol';

type Loose = Record<string, unknown>;

const CALL = '01890a5d-ac96-774b-bcce-b302099a8057';
const CASE = '2026-114823';
const CPR = { kind: 'cpr', value: '610564-1234' };
const HOST: readonly Loose[] = [
  { kind: 'launch', code: 'k7Qp-0042' },
  { kind: 'context', case_id: CASE },
  { kind: 'context', case_id: null },
  { kind: 'context', case_id: CASE, identifiers: [] },
  { kind: 'context', case_id: CASE, identifiers: [CPR, { kind: 'cvr', value: '12 34 56 78' }] },
  { kind: 'language', lang: 'en' },
];
const FRAME: readonly Loose[] = [
  { kind: 'ready' },
  { kind: 'launch_wanted' },
  { kind: 'draft_ready', call: CALL, case_id: CASE },
  { kind: 'note_saved', call: CALL, note: CALL, version: 2, case_id: null },
  { kind: 'height', px: 640 },
  { kind: 'state', call: CALL, state: 'draft_ready' },
  { kind: 'refused', why: 'version' },
];
const SIDES: readonly (readonly [string, Kinds, readonly Loose[]])[] = [
  ['the host', FROM_HOST, HOST],
  ['the frame', FROM_FRAME, FRAME],
];
const id = (): string => crypto.randomUUID();
const said = (saying: Loose): Loose => ({ referent: 1, id: id(), ...saying });
const read = (kinds: Kinds, data: unknown): unknown => new Inbox(kinds).read(data);

test('every kind of a side is read there, and nowhere else', () => {
  for (const [who, kinds, sayings] of SIDES) {
    assert.deepEqual([...new Set(sayings.map(({ kind }) => kind))].sort(), Object.keys(kinds).sort(), who);
    for (const saying of sayings) {
      const whole = said(saying);
      assert.deepEqual(read(kinds, whole), whole);
      assert.equal(read(kinds === FROM_HOST ? FROM_FRAME : FROM_HOST, whole), 'malformed');
    }
  }
  const made = message<typeof FROM_HOST>({ kind: 'launch', code: 'x' }, id());
  assert.deepEqual(read(FROM_HOST, made), made);
});

test('what is wrong with a message is named', () => {
  const launch = said({ kind: 'launch', code: 'x' });
  const { id: _id, ...noId } = launch;
  const cases: readonly (readonly [unknown, string])[] = [
    [null, 'not_ours'],
    ['referent', 'not_ours'],
    [[launch], 'not_ours'],
    [new Map(Object.entries(launch)), 'not_ours'],
    [{ source: 'a-devtool' }, 'not_ours'],
    [Object.create(launch), 'not_ours'],
    [JSON.parse('{"__proto__": {"referent": 1}}'), 'not_ours'],
    [{ ...launch, referent: 2 }, 'version'],
    [{ ...launch, referent: 0, anything: true }, 'version'],
    [{ ...launch, referent: '1' }, 'malformed'],
    [{ ...launch, referent: Number.NaN }, 'malformed'],
    [{ ...launch, code: 'x'.repeat(257) }, 'malformed'],
    [{ ...launch, code: 'x'.repeat(1_000) }, 'too_large'],
    [{ ...launch, ['k'.repeat(1_000)]: 1 }, 'too_large'],
    [{ ...launch, a: 1, b: 1, c: 1, d: 1, e: 1 }, 'too_large'],
    [{ ...launch, more: 1 }, 'malformed'],
    [{ ...launch, code: '' }, 'malformed'],
    [{ ...launch, code: 'a\nb' }, 'malformed'],
    [{ ...launch, code: ['x'] }, 'malformed'],
    [{ ...launch, kind: 'constructor' }, 'malformed'],
    [{ ...launch, kind: '__proto__' }, 'malformed'],
    [{ ...launch, kind: ['launch'] }, 'malformed'],
    [{ ...launch, id: 7 }, 'malformed'],
    [{ ...launch, id: 'A'.repeat(36) }, 'malformed'],
    [noId, 'malformed'],
    [said({ kind: 'context' }), 'malformed'],
    [said({ kind: 'context', case_id: 7 }), 'malformed'],
    [said({ kind: 'language', lang: 'de' }), 'malformed'],
    [JSON.parse(`{"referent": 1, "id": "${id()}", "kind": "context", "__proto__": {"case_id": "a"}}`), 'malformed'],
    [JSON.parse(`{"referent": 1, "id": "${id()}", "kind": "context", "case_id": "a", "__proto__": {}}`), 'malformed'],
  ];
  const listing = (identifiers: unknown): unknown => said({ kind: 'context', case_id: CASE, identifiers });
  const lists: readonly unknown[] = [
    undefined,
    null,
    '6105641234',
    { 0: CPR, length: 1 },
    ['6105641234'],
    [[CPR]],
    [{ ...CPR, kind: 'name' }],
    [{ ...CPR, name: 'x' }],
    [{ kind: 'cpr' }],
    [{ ...CPR, value: 6105641234 }],
    [{ ...CPR, value: 'Birthe' }],
    [{ ...CPR, value: '1'.repeat(17) }],
    [Object.create(CPR)],
    Array.from({ length: 21 }, () => CPR),
    Object.assign([CPR], { more: 1 }),
    new Array(1),
    new Array(1_000_000),
  ];
  for (const list of lists) assert.equal(read(FROM_HOST, listing(list)), 'malformed', String(list));
  for (const [data, why] of cases) assert.equal(read(FROM_HOST, data), why, JSON.stringify(data));
  assert.equal(read(FROM_FRAME, said({ kind: 'height', px: 1.5 })), 'malformed');
  assert.equal(read(FROM_FRAME, said({ kind: 'height', px: Number.POSITIVE_INFINITY })), 'malformed');
  assert.equal(read(FROM_FRAME, said({ kind: 'state', call: CALL, state: 'toString' })), 'malformed');
});

test('an id counts once, and only when its message was right', () => {
  const inbox = new Inbox(FROM_HOST);
  const launch = said({ kind: 'launch', code: 'x' });
  assert.equal(inbox.read({ ...launch, code: '' }), 'malformed');
  assert.deepEqual(inbox.read(launch), launch);
  assert.equal(inbox.read(launch), 'replayed');
  assert.equal(inbox.read({ ...said({ kind: 'context', case_id: null }), id: launch.id }), 'replayed');
  for (let count = 1; count < 1_024; count += 1) inbox.read(said({ kind: 'context', case_id: null }));
  assert.equal(inbox.read(launch), 'replayed', 'the last 1,024 are known');
  inbox.read(said({ kind: 'context', case_id: null }));
  assert.deepEqual(inbox.read(launch), launch, 'the memory has an end');
});

/** Numbers that come again with the same seed (mulberry32). */
const chances = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
};

const STRANGE: readonly unknown[] = [
  undefined,
  true,
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n,
  '',
  '\u0000',
  'a\u2028\u0007',
  'x'.repeat(300),
  'x'.repeat(100_000),
  [],
  ['da'],
  {},
  { toString: () => 'da' },
  new Date(0),
  new Map(),
  /launch/,
  new Error('launch'),
  () => 'x',
  Symbol('x'),
];
const POLLUTED = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', ' kind', 'KIND', '0'];

/** A right message made wrong in one place. */
const spoilt = (right: Loose, pick: (below: number) => number): unknown => {
  const keys = Object.keys(right);
  const key = keys[pick(keys.length)] ?? 'id';
  const strange = STRANGE[pick(STRANGE.length)];
  const polluted = POLLUTED[pick(POLLUTED.length)] ?? '__proto__';
  switch (pick(8)) {
    case 0: {
      const { [key]: _gone, ...less } = right;
      return less;
    }
    case 1:
      return { ...right, [key]: strange };
    case 2: {
      const more = { ...right };
      Object.defineProperty(more, polluted, { value: right[key], enumerable: true });
      return more;
    }
    case 3: {
      const { [key]: value, ...less } = right;
      Object.defineProperty(less, polluted, { value, enumerable: true });
      return less;
    }
    case 4:
      return { ...right, referent: 2 + pick(1_000_000) };
    case 5:
      return Object.assign(Object.create({ [key]: right[key] }), right);
    case 6:
      return [[right], JSON.stringify(right), { data: right }, new Map(Object.entries(right))][pick(4)];
    default:
      return { ...right, kind: `${right.kind}${['\u0000', ' ', 's', '\u200b'][pick(4)]}` };
  }
};

test('of 40,000 messages that are wrong in one place none is accepted', () => {
  const pick = chances(42);
  const found = new Map<unknown, number>();
  for (const [, kinds, sayings] of SIDES) {
    const inbox = new Inbox(kinds);
    // What may be left out or be empty is not wrong without it; the lists above are its test.
    const spoilable = sayings.filter((saying) => !('identifiers' in saying));
    for (let count = 0; count < 20_000; count += 1) {
      const wrong = spoilt(said(spoilable[pick(spoilable.length)] ?? {}), pick);
      const answer = inbox.read(wrong);
      assert.equal(typeof answer, 'string', `accepted: ${String(answer)}`);
      found.set(answer, (found.get(answer) ?? 0) + 1);
    }
    for (const saying of sayings) assert.equal(typeof inbox.read(said(saying)), 'object', 'the right ones still are');
  }
  for (const why of ['not_ours', 'version', 'too_large', 'malformed']) {
    assert.ok((found.get(why) ?? 0) > 200, `${why} was tried ${found.get(why)} times`);
  }
  assert.deepEqual(Object.keys(Object.prototype), [], 'nothing got into the prototype of all objects');
});
