import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Language } from '../src/catalogue';
import { pcLine } from '../src/pc';
import * as wire from '../src/wire';
import { call } from './given';

const seen = (
  inContact: number,
  lost: number,
  inTrouble: number,
  state: wire.AgentStateKind | null,
): wire.Presence => ({
  inContact,
  lost,
  inTrouble,
  state,
});

const words = (presence: wire.Presence, language: Language): string | null => {
  const line = pcLine(presence, true, null, language);
  return line === null ? null : `${line.tone} ${line.what}`;
};

test('the PC has its words in both languages, those of a call where there are some', () => {
  const table: readonly [wire.Presence, string, string][] = [
    [seen(1, 0, 0, 'idle'), 'good Pc: Klar', 'good PC: Ready'],
    [seen(1, 0, 0, 'paused'), 'quiet Pc: Sat på pause', 'quiet PC: Paused'],
    [seen(1, 0, 1, 'disk_full'), 'bad Pc: Der optages ikke', 'bad PC: Nothing is being recorded'],
    [
      seen(1, 0, 0, 'offline_keeping'),
      'warn Pc: Ingen kontakt, lyden gemmes',
      'warn PC: No contact, the sound is kept',
    ],
    [seen(0, 1, 0, null), 'warn Pc: Ingen kontakt', 'warn PC: No contact'],
    [seen(0, 0, 0, null), 'warn Pc: Ingen kontakt', 'warn PC: No contact'],
    [seen(3, 0, 0, null), 'good 3 pc’er er i kontakt', 'good 3 PCs are in contact'],
    [
      seen(1, 1, 0, null),
      'warn 1 pc er i kontakt · 1 pc har mistet kontakten',
      'warn 1 PC is in contact · 1 PC has lost contact',
    ],
    [
      seen(5, 2, 1, null),
      'bad 5 pc’er er i kontakt · 2 pc’er har mistet kontakten · 1 pc kan ikke optage',
      'bad 5 PCs are in contact · 2 PCs have lost contact · 1 PC cannot record',
    ],
  ];
  for (const [presence, da, en] of table) {
    assert.equal(words(presence, 'da'), da);
    assert.equal(words(presence, 'en'), en);
  }
});

test('every state that the server can say has words, and what is wrong says what to do', () => {
  for (const state of wire.AGENT_STATES) {
    const line = pcLine(seen(1, 0, 0, state), true, null, 'da');
    assert.ok(line !== null && !line.what.includes('undefined'), state);
    if (line.tone === 'bad') assert.ok(line.todo, state);
  }
  assert.match(pcLine(seen(0, 1, 0, null), true, null, 'da')?.todo ?? '', /Referent kører på pc’en/);
});

test('a call that goes on says it itself, and who does not hear the server says nothing', () => {
  const idle = seen(1, 0, 0, 'idle');
  const check = (shown: wire.CallSummary | null, hearsServer: boolean, said: boolean): void =>
    assert.equal(pcLine(idle, hearsServer, shown, 'da') !== null, said, `${shown?.state} ${hearsServer}`);
  check(null, true, true);
  check(call({ state: 'live' }), true, false);
  check(call({ state: 'out_of_contact' }), true, false);
  check(call({ state: 'ended' }), true, true);
  check(call({ state: 'complete' }), true, true);
  check(call({ state: 'discarded' }), true, true);
  check(null, false, false);
  assert.equal(pcLine(null, true, null, 'da'), null);
});

test('what the server says of PCs is read, and an unknown state is none that sounds well', () => {
  const read = wire.presence({ in_contact: 1, lost: 2, in_trouble: 0, state: 'idle', since_ms: 3 });
  assert.deepEqual(read, seen(1, 2, 0, 'idle'));
  assert.equal(wire.presence({ in_contact: 1, lost: 0, in_trouble: 0, state: 'dancing' }).state, 'starting');
  assert.equal(wire.presence({ in_contact: 2, lost: 0, in_trouble: 0, state: null }).state, null);
  assert.throws(() => wire.presence({ lost: 0, in_trouble: 0 }), /in_contact/);
});
