import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confirmedOf, counted, doubts, missingOf, uncertainOf } from '../src/checks';
import { places } from '../src/evidence';
import { sectionFor } from '../src/missing-view';
import { editToStore } from '../src/questions';
import type { Event, Shown } from '../src/state';
import type { Draft, Flag, Missing, Sentence } from '../src/wire';
import { after, also, call, doubt, finished, sentence, text, typed } from './given';

const RENT = 'Den nye husleje er 6.540 kroner, og 6.540 er meget.';
const MOVE = 'Borgeren flytter ikke.';
const SEND = 'Borgeren sender kontrakten.';

const missing = (said: string, start = 16_000): Missing => ({
  kind: 'date',
  fact: '',
  said,
  evidence: { track: 'far', start },
});

/** A call with a whole draft of these sentences. */
const drafted = (sentences: readonly Sentence[], more: Partial<Draft> = {}): Shown => {
  const whole = finished(1);
  assert.ok(whole.kind === 'draft_finished');
  return after(call(), { ...whole, draft: { ...whole.draft, sentences, ...more } });
};

test('a doubt stands while its words do', () => {
  const second = RENT.lastIndexOf('6.540');
  const flags: readonly Flag[] = [
    doubt('number', RENT, '6.540'),
    { ...doubt('number', RENT, '6.540'), start: second, end: second + 5 },
    doubt('unsupported', RENT),
  ];
  const check = (now: string, expected: readonly string[]): void => {
    const [place] = places(now, [sentence(0, 's', RENT, { flags })]);
    const found = place === undefined ? [] : doubts(now, place);
    assert.deepEqual(
      found.map(({ flag, start, end }) => `${flag.kind} ${start}: ${now.slice(start, end)}`),
      expected,
      now,
    );
  };
  check(RENT, ['number 19: 6.540', `number ${second}: 6.540`, `unsupported 0: ${RENT}`]);
  const moved = `Først. ${RENT}`;
  check(moved, ['number 26: 6.540', `number ${second + 7}: 6.540`, `unsupported 7: ${RENT}`]);
  // Of words that stand twice, each doubt is about the nearer ones.
  const reworded = 'Den helt nye husleje er 6.540 kroner, og 6.540 er meget.';
  check(reworded, ['number 24: 6.540', 'number 41: 6.540', `unsupported 0: ${reworded}`]);
  // Corrected, and no part of another number.
  const corrected = 'Den nye husleje er 6.450 kroner, og 16.540 er meget.';
  check(corrected, [`unsupported 0: ${corrected}`]);
  check('Noget helt andet.', []);
});

test('what is to be looked at is counted, and counts down', () => {
  const sentences = [
    sentence(0, 'reason', RENT, { flags: [doubt('number', RENT, '6.540'), doubt('speaker', RENT)] }),
    sentence(1, 'reason', MOVE, { flags: [doubt('negation', MOVE, 'ikke')], confirm: 'decision' }),
    sentence(2, 'agreed', SEND, { confirm: 'commitment' }),
  ];
  const all = [missing('i morgen'), missing('den 3. maj')];
  const state = drafted(sentences, { missing: all });
  const check = (now: Shown, expected: readonly number[] | null, what: string): void => {
    const found = counted(now);
    assert.deepEqual(found === null ? null : [found.doubts, found.toConfirm, found.missing], expected, what);
  };
  const confirmed = (words: string, right = true): Event => ({ kind: 'confirmed', text: words, right });
  check(state, [3, 2, 2], 'at first');
  check(also(state, confirmed(SEND)), [3, 1, 2], 'one is confirmed');
  check(also(state, confirmed(SEND), confirmed(SEND, false)), [3, 2, 2], 'taken back');
  check(also(state, typed('reason', RENT)), [2, 1, 2], 'a sentence was deleted');
  check(also(state, typed('reason', `${RENT}\nBorgeren flytter.`)), [2, 2, 2], 'the doubted word was deleted');
  check(also(state, { kind: 'missing_dismissed', missing: missing('i morgen') }), [3, 2, 1], 'one is not missing');
  check(drafted(sentences, { state: 'streaming' }), null, 'while it is written');
  const note = { id: 'n1', version: 1, sections: { reason: state.sections[0]?.text ?? '', agreed: SEND }, savedMs: 1 };
  check(also(state, { kind: 'note_stored', note: { ...note, correctionMs: null } }), null, 'after saving');
});

test('what was confirmed is told by sentence, and holds for the same words of a new draft', () => {
  const one = sentence(0, 'reason', MOVE, { confirm: 'decision' });
  const other = sentence(1, 'reason', SEND, { confirm: 'commitment' });
  const state = also(drafted([one, other]), { kind: 'confirmed', text: SEND, right: true });
  assert.deepEqual(confirmedOf(state), [1]);
  const again = finished(2);
  assert.ok(again.kind === 'draft_finished');
  const sentences = [sentence(0, 'agreed', SEND, { confirm: 'commitment' }), sentence(1, 'reason', RENT)];
  assert.deepEqual(confirmedOf(also(state, { ...again, draft: { ...again.draft, sentences } })), [0]);
  // What asks for nothing is never told, and a discarded call has no words left.
  assert.deepEqual(
    confirmedOf(also(drafted([sentence(0, 'reason', RENT)]), { kind: 'confirmed', text: RENT, right: true })),
    [],
  );
  const erased = also(state, { kind: 'state', summary: { ...state.summary, state: 'discarded', status: 'discarded' } });
  assert.deepEqual([erased.confirmed, erased.dismissed], [[], []]);
});

test('what may be missing goes into a section once, as typed text does', () => {
  const state = drafted([sentence(0, 'agreed', SEND)], { missing: [missing('i morgen'), missing('i morgen', 32_000)] });
  const put: Event = { kind: 'missing_inserted', missing: missing('i morgen'), section: 'agreed' };
  const now = also(state, put, put);
  assert.equal(text(now, 'agreed'), `${SEND}\ni morgen`);
  assert.deepEqual(editToStore(now), { agreed: `${SEND}\ni morgen` });
  // The same words of another utterance are another thing.
  assert.deepEqual(
    missingOf(now).map(({ evidence }) => evidence.start),
    [32_000],
  );
  const many = Array.from({ length: 12 }, (_, number) => missing('x', number));
  assert.equal(missingOf(drafted([], { missing: many })).length, 8);
  assert.equal(
    missingOf(drafted([], { missing: many, state: 'streaming' })).length,
    0,
    'not before the draft is whole',
  );
});

test('it goes where the caret was, else to the information, else to the first section', () => {
  const { sections } = after(call());
  const [reason, agreed] = sections;
  assert.ok(reason !== undefined && agreed !== undefined);
  const information = { ...agreed, id: 'information' };
  const table = [
    ['agreed', sections, 'agreed'],
    [null, sections, 'reason'],
    ['gone', sections, 'reason'],
    [null, [reason, information, agreed], 'information'],
    ['agreed', [reason, information, agreed], 'agreed'],
    ['agreed', [], null],
  ] as const;
  for (const [caret, all, expected] of table) assert.equal(sectionFor(all, caret), expected, `${caret}`);
});

test('an uncertain word belongs to the utterance of its track and start', () => {
  const near = { track: 'near', start: 16_000 } as const;
  const { draft } = drafted([], {
    uncertain: [
      { ...near, word: 3 },
      { ...near, word: 1 },
      { ...near, track: 'far', word: 2 },
    ],
  });
  assert.deepEqual(uncertainOf(draft, near), [3, 1]);
  assert.deepEqual(uncertainOf(draft, { ...near, start: 1 }), []);
  assert.deepEqual(uncertainOf(null, near), []);
});
