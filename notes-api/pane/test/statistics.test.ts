import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steps, weeksBetween, wilson } from '../src/statistics';

test('the interval of Wilson, against values computed elsewhere', () => {
  const check = (share: number, n: number, expected: readonly [number, number]): void => {
    const found = wilson(share, n);
    assert.ok(Math.abs(found[0] - expected[0]) < 0.0005 && Math.abs(found[1] - expected[1]) < 0.0005, `${found}`);
  };
  // 7 of 10, 0 of 20, 81 of 263 (Newcombe 1998, table I: 15 of 148).
  check(0.7, 10, [0.3968, 0.8922]);
  check(0, 20, [0, 0.1611]);
  check(81 / 263, 263, [0.2553, 0.3662]);
  check(15 / 148, 148, [0.0624, 0.1605]);
  assert.deepEqual(wilson(0.5, 0), [0, 1]);
});

test('weeks are those of ISO 8601, over the end of a year of 53', () => {
  assert.deepEqual(weeksBetween('2026-W52', '2027-W02'), ['2026-W52', '2026-W53', '2027-W01', '2027-W02']);
  assert.deepEqual(weeksBetween('2025-W51', '2026-W01'), ['2025-W51', '2025-W52', '2026-W01']);
  assert.deepEqual(weeksBetween('2026-W09', '2026-W09'), ['2026-W09']);
});

test('round numbers reach over the highest value', () => {
  assert.deepEqual(steps(1), [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]);
  assert.deepEqual(steps(0.31), [0, 0.1, 0.2, 0.30000000000000004, 0.4]);
  assert.deepEqual(steps(37), [0, 10, 20, 30, 40]);
  for (const most of [0.003, 1.7, 99, 1234]) {
    const all = steps(most);
    assert.ok((all.at(-1) ?? 0) >= most && all.length <= 7, `${most}: ${all}`);
  }
});
