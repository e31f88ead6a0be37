import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Activity } from '../src/activity';

/** Seconds, of a PC that may sleep. */
const given = () => {
  const time = { now: 0, wall: 1_000_000 };
  const clocks = { now: () => time.now * 1_000, wall: () => time.wall * 1_000 };
  const activity = new Activity(clocks);
  const pass = (seconds: number): void => {
    time.now += seconds;
    time.wall += seconds;
  };
  const typing = (seconds: number): void => {
    activity.done();
    for (let at = 0; at < seconds; at += 0.5) {
      pass(0.5);
      activity.done();
    }
  };
  const taken = (): readonly string[] =>
    activity.take().stretches.map(({ from, to, left }) => `${from / 1_000}-${to / 1_000}${left ? ' left' : ''}`);
  return { activity, time, pass, typing, taken };
};

test('what is done without a pause is one stretch', () => {
  const { typing, pass, taken } = given();
  typing(10);
  pass(5);
  typing(3);
  assert.deepEqual(taken(), ['0-10', '15-18']);
});

test('a stretch that goes on is told in parts that join', () => {
  const { activity, typing, taken } = given();
  typing(10);
  assert.deepEqual(taken(), ['0-10']);
  assert.equal(activity.isNew, false);
  typing(2);
  assert.equal(activity.isNew, true);
  assert.deepEqual(taken(), ['10-12']);
});

test('what was told already is not told again, but for that the person left', () => {
  const { activity, typing, pass, taken } = given();
  typing(2);
  taken();
  pass(20);
  typing(1);
  assert.deepEqual(taken(), ['22-23']);
  activity.left();
  assert.deepEqual(taken(), ['23-23 left']);
});

test('nothing counts while the person is elsewhere', () => {
  const { activity, typing, pass, taken } = given();
  typing(2);
  pass(3);
  activity.left();
  pass(4);
  activity.done();
  pass(4);
  activity.back();
  typing(1);
  assert.deepEqual(taken(), ['0-2', '5-5 left', '13-14']);
});

test('after the PC slept, or its clock was set, another run begins', () => {
  const { activity, time, typing } = given();
  typing(2);
  time.wall += 3_600;
  typing(1);
  assert.deepEqual(activity.take(), { run: 0, stretches: [{ from: 0, to: 2_000, left: false }] });
  assert.equal(activity.isNew, true);
  assert.deepEqual(activity.take(), { run: 1, stretches: [{ from: 2_000, to: 3_000, left: false }] });
  assert.equal(activity.isNew, false);
});

test('what could not be sent for a night is bounded', () => {
  const { activity, pass } = given();
  for (let at = 0; at < 2_000; at += 1) {
    pass(2);
    activity.done();
  }
  const { stretches } = activity.take();
  assert.ok(stretches.length <= 502, `${stretches.length}`);
  assert.equal(stretches[0]?.from, 2_000);
  assert.equal(stretches.at(-1)?.to, activity.clock);
});
