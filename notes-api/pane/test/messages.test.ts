import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loudness } from '../src/head-view';
import { messages } from '../src/messages';
import type { Shown } from '../src/state';
import * as time from '../src/time';
import { after, also, call, finished, LIVE, said, started, typed } from './given';

const first = (state: Shown): readonly string[] => messages(state, 'da').map(({ words }) => words[0]);

test('the boxes say what is the matter, the most pressing first', () => {
  const ready = after(call(), started(1), said(0, 'reason', 'A.'), finished(1));
  const without = (trouble: string): Shown =>
    after(
      call({
        status: 'draft_ready',
        draft: {
          number: 1,
          attempt: 1,
          state: 'ready',
          origin: { kind: 'embedded', model: 'e', trouble },
          sentences: [],
        },
      }),
    );
  const byModel = (trouble: string | null, model_reported?: string): Shown =>
    after(
      call({
        status: 'draft_ready',
        draft: {
          number: 1,
          attempt: 1,
          state: 'ready',
          origin: { kind: 'llm', model: 'm', record: model_reported && { model_reported }, trouble },
          sentences: [],
        },
      }),
    );
  const table: readonly [string, Shown, readonly string[]][] = [
    ['nobody knows yet', after(call(LIVE)), ['Der optages ikke endnu.']],
    [
      'all is well',
      after(call(LIVE), { kind: 'agent', agent: { state: 'listening', sinceMs: 0, nearLevel: 9, farLevel: 9 } }),
      [],
    ],
    [
      'no contact',
      after(call({ ...LIVE, status: 'no_contact', state: 'out_of_contact' })),
      ['Der kommer ingen lyd fra din pc lige nu.'],
    ],
    ['a draft', ready, ['Læs udkastet igennem, før du gemmer.']],
    ['without a language model', without('llm_timeout'), ['Udkastet er lavet uden sprogmodel.']],
    [
      'too little',
      also(ready, { kind: 'draft_failed', number: 1, failure: 'insufficient_content' }),
      ['Der blev sagt for lidt til et udkast.'],
    ],
    [
      'not saved',
      also(ready, { kind: 'note_failed', problem: 'server' }),
      ['Notatet blev ikke gemt.', 'Læs udkastet igennem, før du gemmer.'],
    ],
    [
      'two texts',
      also(ready, typed('reason', 'Mit.'), {
        kind: 'edit_elsewhere',
        edit: { revision: 1, draft: 1, sections: { reason: 'D.' } },
      }),
      ['Notatet er ændret et andet sted.', 'Læs udkastet igennem, før du gemmer.'],
    ],
    [
      'late',
      also(ready, { kind: 'late', utterances: 1 }),
      ['1 replik kom til, efter at du begyndte at skrive.', 'Læs udkastet igennem, før du gemmer.'],
    ],
    ['discarded', after(call({ state: 'discarded', status: 'discarded' })), ['Samtalen er kasseret.']],
  ];
  for (const [what, state, expected] of table) assert.deepEqual(first(state), expected, what);
  const says = (state: Shown): string => messages(state, 'da')[0]?.words[1] ?? '';
  assert.match(says(byModel(null, 'm-2')), /sprogmodellen m \(m-2\)/);
  assert.match(says(byModel(null, 'm')), /sprogmodellen m\.$/);
  assert.match(says(byModel('cut_off')), /stoppede midt i det hele.*Resten er valgt ud/);
  assert.match(messages(without('llm_timeout'), 'da')[0]?.words[1] ?? '', /svarede ikke i tide/);
});

test('times are as people read them', () => {
  assert.deepEqual([0, 59_999, 127_000, 3_727_000].map(time.intoCall), ['00:00', '00:59', '02:07', '1:02:07']);
  assert.deepEqual([400, 44_000, 61_000].map(time.length), ['0:00', '0:44', '1:01']);
  assert.equal(time.clockSeconds(Date.UTC(2026, 4, 1, 22, 30, 5), 7200), '00:30:05');
  assert.equal(time.day(Date.UTC(2026, 4, 1, 22, 30), 7200) - time.day(Date.UTC(2026, 4, 1, 21, 30), 7200), 1);
  assert.equal(time.seconds(849, ','), '0,8');
});

test('loudness is heard by ratios', () => {
  assert.deepEqual([0, 1, 10, 100, 1000, 5000].map(loudness), [0, 0, 33, 67, 100, 100]);
});
