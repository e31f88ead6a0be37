import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Calls, changed, chosen, listed, NO_CALLS } from '../src/calls';
import { type CallSummary, summary } from '../src/wire';
import { AT, json, LIVE } from './given';

const call = (id: string, minutes: number, changes = {}): CallSummary =>
  summary(json({ id, started_ms: AT + minutes * 60_000, ...changes }));
const OLD = call('old', 0);
const NEW = call('new', 5, LIVE);
const at = (current: string): Calls => ({ list: [OLD], current, offered: null });

test('a new call shows itself unless something is unfinished', () => {
  const answer = [OLD, NEW];
  const table: readonly [
    string,
    Calls,
    readonly CallSummary[],
    boolean,
    string | null,
    Pick<Calls, 'current' | 'offered'>,
  ][] = [
    ['the first look', NO_CALLS, answer, false, null, { current: 'new', offered: null }],
    ['a reload', NO_CALLS, answer, false, 'old', { current: 'old', offered: null }],
    ['a reload of a call that is gone', NO_CALLS, answer, false, 'gone', { current: 'new', offered: null }],
    ['nothing there', NO_CALLS, [], false, 'gone', { current: null, offered: null }],
    ['a new call', at('old'), answer, false, null, { current: 'new', offered: null }],
    ['a new call while a text is unsaved', at('old'), answer, true, null, { current: 'old', offered: 'new' }],
    ['a call that is over already', at('old'), [OLD, call('new', 5)], false, null, { current: 'old', offered: null }],
    ['nothing new', at('old'), [OLD], false, null, { current: 'old', offered: null }],
    [
      'the offered one again',
      { ...at('old'), list: answer, offered: 'new' },
      answer,
      true,
      null,
      { current: 'old', offered: 'new' },
    ],
  ];
  for (const [what, before, list, unfinished, wanted, expected] of table) {
    const { current, offered } = listed(before, list, { unfinished, wanted });
    assert.deepEqual({ current, offered }, expected, what);
  }
});

test('the newest stands first, and looking at an offered call ends the offer', () => {
  const calls = listed(at('old'), [OLD, NEW], { unfinished: true, wanted: null });
  assert.deepEqual(
    calls.list.map(({ id }) => id),
    ['new', 'old'],
  );
  assert.equal(chosen(calls, 'new').offered, null);
  assert.equal(chosen(calls, 'old').offered, 'new');
});

test('an older summary does not go over a newer one', () => {
  const newer = changed(at('old'), { ...OLD, status: 'saved', sequence: 9 });
  assert.equal(newer.list[0]?.status, 'saved');
  assert.equal(changed(newer, OLD).list[0]?.status, 'saved');
});
