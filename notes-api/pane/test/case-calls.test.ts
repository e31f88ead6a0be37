import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asked, type Beside, back, changed, NOTHING, offers, stranger, told, turned } from '../src/case-calls';
import { foreign } from '../src/case-check';
import { type CallSummary, summary } from '../src/wire';
import { AT, json, LIVE } from './given';

const call = (id: string, caseId: string | null, changes = {}): CallSummary =>
  summary(json({ id, case_id: caseId, started_ms: AT, ...changes }));
const A1 = call('a1', 'A');
const B1 = call('b1', 'B');
const LOOSE = call('loose', null, LIVE);
const DONE = { unfinished: false };
const OPEN = { unfinished: true };
const beside = (caseId: string | null, ...all: readonly CallSummary[]): Beside =>
  told(turned(NOTHING, caseId, DONE), all, DONE);
const named = (one: Beside): readonly string[] => offers(one).map(({ kind, call: { id } }) => `${kind} ${id}`);

test('a call is shown beside its own case only, unless it is asked for', () => {
  const one = beside('A', A1, B1, LOOSE);
  assert.equal(one.calls.current, 'a1');
  assert.equal(stranger(one), null);
  assert.deepEqual(named(one), ['live loose'], 'one that goes on is offered, whichever case it is of');
  const other = asked(one, 'loose');
  assert.equal(stranger(other)?.id, 'loose');
  assert.equal(told(other, [A1, B1, LOOSE], DONE).calls.current, 'loose', 'the next answer leaves it there');
  assert.equal(back(other).calls.current, 'a1');
  assert.equal(beside('C', A1, B1).calls.current, null);
  assert.equal(beside(null, A1, B1).calls.current, null, 'no case is no case of theirs either');
});

test('a text that was left unsaved is offered until it is saved or looked at', () => {
  const left = told(turned(beside('A', A1, B1), 'B', OPEN), [A1, B1], DONE);
  assert.deepEqual(named(left), ['unsaved a1']);
  assert.equal(left.calls.current, 'b1');
  assert.deepEqual(named(asked(left, 'a1')), []);
  for (const status of ['saved', 'discarded']) {
    const after = told(left, [call('a1', 'A', { status, sequence: 8 }), B1], DONE);
    assert.deepEqual(named(after), [], status);
  }
  const returned = told(turned(left, 'A', DONE), [A1, B1], DONE);
  assert.equal(returned.calls.current, 'a1');
  assert.deepEqual(named(turned(beside('A', A1), 'A', OPEN)), [], 'the same case is no change');
});

test('a call that is given its case, or is not known, is asked for', () => {
  const one = beside('A', A1, LOOSE);
  assert.equal(changed(one, call('loose', 'A', LIVE)), null);
  assert.equal(changed(one, call('new', 'A')), null);
  const newer = changed(one, { ...A1, status: 'saved', sequence: 9 });
  assert.equal(newer?.calls.list[0]?.status, 'saved');
  assert.equal(newer === null ? null : changed(newer, A1)?.calls.list[0]?.status, 'saved');
});

test('what speaks against the open case is read, or refused', () => {
  const evidence = { track: 'far', start: 32_000 };
  const one = { kind: 'cpr', said: '720371-4321', evidence, differs_in: 9 };
  assert.deepEqual(foreign({ foreign: [one] }), [
    { kind: 'cpr', said: '720371-4321', track: 'far', startMs: 2_000, differsIn: 9 },
  ]);
  assert.deepEqual(foreign({ foreign: [] }), []);
  // An answer that cannot be read is not one that says that all is fine.
  for (const wrong of [
    null,
    {},
    { foreign: null },
    { foreign: [{ ...one, kind: 'name' }] },
    { foreign: [{ said: 'x' }] },
  ])
    assert.throws(() => foreign(wrong), JSON.stringify(wrong));
});
