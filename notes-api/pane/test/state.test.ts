import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  canPause,
  canSave,
  editToStore,
  hasFields,
  headline,
  lateDraft,
  noteTexts,
  offer,
  toKeep,
  undecided,
  unreportedDraft,
} from '../src/questions';
import type { Event } from '../src/state';
import { next, type Shown } from '../src/state';
import type { Note } from '../src/wire';
import { AT, after, also, call, finished, LIVE, said, started, text, typed } from './given';

const section = (state: Shown, id: string) => {
  const found = state.sections.find((one) => one.id === id);
  assert.ok(found);
  return found;
};
const offered = (state: Shown, id: string): string => offer(state, section(state, id)).join('|');
const note = (version: number, reason: string, agreed = ''): Note => ({
  id: 'n1',
  version,
  sections: { reason, agreed },
  savedMs: AT + version,
  correctionMs: 44_000,
});
const drafted = (...more: readonly Event[]): Shown =>
  after(
    call(),
    started(1),
    said(0, 'reason', 'A.'),
    said(1, 'reason', 'B.'),
    said(2, 'agreed', 'C.'),
    finished(1),
    ...more,
  );

test('an untouched section shows the draft sentence by sentence, a touched one keeps what was typed (P1, P2)', () => {
  const table: readonly [string, readonly Event[], string, string][] = [
    ['as it streams', [started(1), said(0, 'reason', 'A.')], 'A.', ''],
    ['more of it', [started(1), said(0, 'reason', 'A.'), said(1, 'reason', 'B.')], 'A.\nB.', ''],
    ['out of order', [started(1), said(1, 'reason', 'B.'), said(0, 'reason', 'A.')], 'A.\nB.', ''],
    ['a repeat', [started(1), said(0, 'reason', 'A.'), said(0, 'reason', 'A.')], 'A.', ''],
    ['typed before it', [typed('reason', 'Mit.'), started(1), said(0, 'reason', 'A.')], 'Mit.', 'A.'],
    [
      'typed while it comes',
      [started(1), said(0, 'reason', 'A.'), typed('reason', 'A. Mit.'), said(1, 'reason', 'B.')],
      'A. Mit.',
      'B.',
    ],
    [
      'emptied by a person',
      [started(1), said(0, 'reason', 'A.'), typed('reason', ''), said(1, 'reason', 'B.')],
      '',
      'B.',
    ],
    ['a new attempt', [started(1), said(0, 'reason', 'A.'), started(1, 2), said(0, 'reason', 'X.', 1, 2)], 'X.', ''],
    [
      'a late sentence of an old attempt',
      [started(1, 2), said(0, 'reason', 'X.', 1, 2), said(1, 'reason', 'B.')],
      'X.',
      '',
    ],
    [
      'a new draft, untouched',
      [started(1), said(0, 'reason', 'A.'), finished(1), started(2), said(0, 'reason', 'N.', 2)],
      'N.',
      '',
    ],
    [
      'a new draft, touched',
      [
        started(1),
        said(0, 'reason', 'A.'),
        typed('reason', 'Mit.'),
        finished(1),
        started(2),
        said(0, 'reason', 'N.', 2),
      ],
      'Mit.',
      'N.',
    ],
  ];
  for (const [what, events, expected, expectedOffer] of table) {
    const number = events.some((one) => 'number' in one && one.number === 2) ? 2 : 1;
    const attempt = events.some((one) => 'attempt' in one && one.attempt === 2) ? 2 : 1;
    const state = after(call(), ...events, finished(number, attempt));
    assert.equal(text(state, 'reason'), expected, what);
    assert.equal(offered(state, 'reason'), expectedOffer, `${what}: offer`);
  }
});

test('no order of events changes what was typed', () => {
  // A small generator in place of luck: the same 500 courses each time.
  let seed = 7;
  const chance = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const events: readonly (() => Event)[] = [
    () => started(1 + chance(3), 1 + chance(2)),
    () => said(chance(4), chance(2) === 0 ? 'reason' : 'agreed', `S${chance(9)}.`, 1 + chance(3), 1 + chance(2)),
    () => finished(1 + chance(3), 1 + chance(2)),
    () => ({ kind: 'draft_failed', number: 1 + chance(3), failure: 'drafter_failed' }),
    () => ({ kind: 'late', utterances: 3 }),
    () => ({ kind: 'edit_saved', revision: chance(5) }),
    () => ({ kind: 'edit_elsewhere', edit: { revision: chance(9), draft: 1, sections: { reason: `E${chance(9)}` } } }),
    () => ({ kind: 'note_elsewhere', note: note(1 + chance(4), `N${chance(9)}`) }),
    () => ({ kind: 'note_saved', note: note(1 + chance(4), `N${chance(9)}`) }),
    () => ({ kind: 'contact', contact: 'lost' }),
    () => ({ kind: 'edit_failed' }),
    () => ({ kind: 'note_failed', problem: 'server' }),
  ];
  for (let course = 0; course < 500; course += 1) {
    const before = Array.from({ length: chance(6) }, () => events[chance(events.length)]?.() ?? started(1));
    const then = Array.from({ length: 1 + chance(8) }, () => events[chance(events.length)]?.() ?? started(1));
    const state = after(call(), ...before, typed('reason', 'Mine ord.'), ...then);
    assert.equal(text(state, 'reason'), 'Mine ord.', JSON.stringify([...before, 'typed', ...then]));
  }
});

test('an offer is answered once', () => {
  const touched = after(
    call(),
    typed('agreed', 'Mit.'),
    started(1),
    said(0, 'agreed', 'C.'),
    said(1, 'agreed', 'D.'),
    finished(1),
  );
  const table = [
    ['insert', 'Mit.\nC.\nD.'],
    ['replace', 'C.\nD.'],
    ['keep', 'Mit.'],
  ] as const;
  for (const [choice, expected] of table) {
    const state = also(touched, { kind: 'offer_answered', section: 'agreed', choice });
    assert.equal(text(state, 'agreed'), expected, choice);
    assert.equal(offered(state, 'agreed'), '', `${choice}: nothing more is offered`);
  }
});

test('only what a person touched is stored, and only when it differs', () => {
  assert.equal(editToStore(drafted()), null);
  const state = drafted(typed('agreed', 'Mit.'));
  assert.deepEqual(editToStore(state), { agreed: 'Mit.' });
  const stored = also(
    state,
    { kind: 'edit_sent', sections: { agreed: 'Mit.' } },
    { kind: 'edit_stored', revision: 1, sections: { agreed: 'Mit.' }, at: AT },
  );
  assert.equal(editToStore(stored), null);
  assert.equal(toKeep(stored), null);
  // Typed on while the answer was on its way.
  const typing = also(state, { kind: 'edit_sent', sections: { agreed: 'Mit.' } }, typed('agreed', 'Mit. Og mere.'), {
    kind: 'edit_stored',
    revision: 1,
    sections: { agreed: 'Mit.' },
    at: AT,
  });
  assert.equal(text(typing, 'agreed'), 'Mit. Og mere.');
  assert.deepEqual(editToStore(typing), { agreed: 'Mit. Og mere.' });
});

test('what another window stored is kept beside what was typed here (P3)', () => {
  const mine = drafted(typed('agreed', 'Mit.'));
  const theirs: Event = { kind: 'edit_elsewhere', edit: { revision: 4, draft: 1, sections: { agreed: 'Deres.' } } };
  const both = also(mine, theirs);
  assert.equal(text(both, 'agreed'), 'Mit.');
  assert.equal(section(both, 'agreed').elsewhere?.text, 'Deres.');
  assert.equal(both.edit.revision, 4);
  assert.deepEqual(editToStore(both), { agreed: 'Deres.\nMit.' }, 'before the choice the server has both');
  assert.deepEqual(toKeep(both)?.sections.agreed, { text: 'Mit.', stored: null }, 'the open page keeps mine');
  const table = [
    ['keep', 'Mit.', { agreed: 'Mit.' }],
    ['replace', 'Deres.', null],
    ['insert', 'Mit.\nDeres.', { agreed: 'Mit.\nDeres.' }],
  ] as const;
  for (const [choice, expected, store] of table) {
    const chosen = also(both, { kind: 'elsewhere_answered', section: 'agreed', choice });
    assert.equal(text(chosen, 'agreed'), expected, choice);
    assert.equal(undecided(chosen).length, 0);
    assert.deepEqual(editToStore(chosen), store, `${choice}: what goes to the server`);
  }
  // The note that was saved from the other text brings nothing new: the person is not asked twice.
  const decided = also(both, { kind: 'elsewhere_answered', section: 'agreed', choice: 'keep' });
  const stored: Event = { kind: 'edit_stored', revision: 5, sections: { agreed: 'Mit.' }, at: AT };
  const over = also(decided, stored, { kind: 'note_elsewhere', note: note(1, 'A.\nB.', 'Deres.') });
  assert.deepEqual([undecided(over).length, text(over, 'agreed'), over.mode], [0, 'Mit.', 'writing']);
  // A window with nothing of its own shows the newer text.
  const clean = also(drafted(), theirs);
  assert.equal(text(clean, 'agreed'), 'Deres.');
  assert.equal(undecided(clean).length, 0);
});

test('a note is read after saving, and amending makes the next version', () => {
  const saved = also(
    drafted(typed('agreed', 'Mit.')),
    { kind: 'note_sent' },
    { kind: 'note_stored', note: note(1, 'A.\nB.', 'Mit.') },
  );
  assert.equal(saved.mode, 'reading');
  assert.equal(headline(saved), 'saved');
  assert.equal(canSave(saved), false);
  const amended = also(saved, { kind: 'amend_began' }, typed('agreed', 'Mit. Rettet.'));
  assert.equal(headline(amended), 'amending');
  assert.equal(canSave(amended), true);
  assert.deepEqual(noteTexts(amended), { reason: 'A.\nB.', agreed: 'Mit. Rettet.' });
  // Who typed on while the note was on its way goes on typing.
  const typing = also(drafted(), { kind: 'note_sent' }, typed('agreed', 'Mere.'), {
    kind: 'note_stored',
    note: note(1, 'A.\nB.', 'C.'),
  });
  assert.equal(typing.mode, 'writing');
  assert.equal(text(typing, 'agreed'), 'Mere.');
});

test('a note that was saved elsewhere goes over no typed text', () => {
  const mine = also(drafted(typed('agreed', 'Mit.')), { kind: 'note_elsewhere', note: note(1, 'A.\nB.', 'Deres.') });
  assert.equal(mine.mode, 'writing');
  assert.equal(section(mine, 'agreed').elsewhere?.text, 'Deres.');
  assert.equal(mine.note?.version, 1);
  const clean = also(drafted(), { kind: 'note_saved', note: note(1, 'A.\nB.', 'Deres.') });
  assert.equal(clean.mode, 'reading');
  assert.equal(also(clean, { kind: 'note_saved', note: note(1, 'Gammel.') }), clean, 'a repeat changes nothing');
});

test('a draft that comes after the note is offered, not put in', () => {
  const saved = also(
    drafted(),
    { kind: 'note_stored', note: note(1, 'A.\nB.', 'C.') },
    { kind: 'late', utterances: 2 },
  );
  assert.equal(saved.late, 2);
  const later = also(saved, started(2), said(0, 'agreed', 'C.', 2), said(1, 'agreed', 'D.', 2), finished(2));
  assert.equal(later.late, 0);
  assert.equal(lateDraft(later), true);
  assert.equal(text(later, 'agreed'), 'C.');
  assert.equal(offered(also(later, { kind: 'amend_began' }), 'agreed'), 'D.');
  assert.equal(headline(later), 'saved');
});

test('a reload shows what the server and the browser have', () => {
  const draft = {
    number: 1,
    attempt: 1,
    state: 'ready',
    failure: null,
    provisional: false,
    origin: null,
    first_sentence_ms: 1,
    whole_ms: 2,
  };
  const sentences = [{ index: 0, section: 'reason', text: 'A.', evidence: [], flags: [] }];
  const edit = { revision: 3, draft: 1, sections: { agreed: 'Gemt.' } };
  const saved = { id: 'n1', version: 2, sections: { reason: 'A.', agreed: 'Gemt.' }, saved_ms: AT, correction_ms: 1 };
  const table: readonly [string, Record<string, unknown>, Record<string, string>, 'reading' | 'writing'][] = [
    ['only a draft', { draft: { ...draft, sentences } }, { reason: 'A.', agreed: '' }, 'writing'],
    ['an edit', { draft: { ...draft, sentences }, edit }, { reason: 'A.', agreed: 'Gemt.' }, 'writing'],
    ['a note', { draft: { ...draft, sentences }, edit, note: saved }, { reason: 'A.', agreed: 'Gemt.' }, 'reading'],
    [
      'a correction that was not saved',
      { note: saved, edit: { ...edit, sections: { agreed: 'Ny.' } } },
      { reason: 'A.', agreed: 'Ny.' },
      'writing',
    ],
  ];
  for (const [what, changes, texts, mode] of table) {
    const state = after(call(changes));
    assert.deepEqual(noteTexts(state), texts, what);
    assert.equal(state.mode, mode, what);
    assert.equal(editToStore(state), null, `${what}: a reload stores nothing`);
  }
  const kept = (stored: string | null): Shown => {
    const state = next(
      { kind: 'loading', call: 'c1' },
      {
        kind: 'loaded',
        detail: call({ edit }),
        kept: { sections: { agreed: { text: 'Ikke sendt.', stored } } },
        at: AT,
      },
    );
    assert.equal(state.kind, 'shown');
    return state as Shown;
  };
  assert.equal(text(kept('Gemt.'), 'agreed'), 'Ikke sendt.');
  assert.equal(undecided(kept('Gemt.')).length, 0, 'the server still has what mine came from');
  assert.equal(undecided(kept('Noget andet.')).length, 1, 'the server has something else meanwhile: both are there');
});

test('the headline is what is true now', () => {
  const agent = (state: 'listening' | 'no_sound_near' | 'idle' | 'paused'): Event => ({
    kind: 'agent',
    agent: { state, sinceMs: 2_000, nearLevel: 0, farLevel: 9 },
  });
  const live = (...events: readonly Event[]): Shown => after(call(LIVE), ...events);
  const table: readonly [string, Shown][] = [
    ['starting', live()],
    ['listening', live(agent('listening'))],
    ['listening', live(agent('listening'), { kind: 'tick', at: AT + 4_000 })],
    ['no_contact', live(agent('listening'), { kind: 'tick', at: AT + 4_600 })],
    ['no_contact', live({ kind: 'tick', at: AT + 4_600 })],
    ['listening', live({ kind: 'tick', at: AT + 4_600 }, agent('listening'))],
    ['transcribing', live(agent('idle'))],
    ['no_sound_near', live(agent('no_sound_near'))],
    ['paused', live(agent('paused'))],
    ['offline', live(agent('paused'), { kind: 'contact', contact: 'lost' })],
    ['unauthorised', live({ kind: 'contact', contact: 'unauthorised' })],
    ['no_contact', after(call({ ...LIVE, state: 'out_of_contact', status: 'no_contact' }))],
    ['transcribing', after(call({ state: 'ended', status: 'listening' }))],
    ['text_behind', after(call({ state: 'ended', status: 'text_behind' }))],
    ['transcription_down', after(call({ status: 'transcription_down' }))],
    ['drafting', after(call(), started(1))],
    ['draft_ready', drafted()],
    ['draft_failed', after(call(), { kind: 'draft_failed', number: 1, failure: 'insufficient_content' })],
    ['saved', also(drafted(), { kind: 'note_stored', note: note(1, 'A.\nB.', 'C.') })],
    ['discarded', after(call({ state: 'discarded', status: 'discarded' }))],
  ];
  for (const [expected, state] of table) assert.equal(headline(state), expected);
  assert.equal(
    live({ kind: 'tick', at: AT + 9_000 }, agent('paused'), { kind: 'tick', at: AT + 11_000 }, agent('paused'))
      .agentSince,
    AT + 7_000,
  );
});

test('a pause is asked for until the agent says that it is done', () => {
  const agent = (state: 'listening' | 'paused' | 'awaiting_consent'): Event => ({
    kind: 'agent',
    agent: { state, sinceMs: 0, nearLevel: 0, farLevel: 0 },
  });
  const live = after(call(LIVE));
  assert.equal(canPause(live), false, 'no PC has said anything');
  const listening = also(live, agent('listening'));
  assert.equal(canPause(listening), true);
  const asked = also(listening, { kind: 'pause_asked', pause: true });
  assert.equal(also(asked, agent('listening')).asked, 'pause', 'it has not done it yet');
  const paused = also(asked, agent('paused'));
  assert.deepEqual([paused.asked, canPause(paused)], ['nothing', true]);
  const resuming = also(paused, { kind: 'pause_asked', pause: false });
  assert.equal(also(resuming, agent('paused')).asked, 'resume');
  assert.equal(also(resuming, agent('listening')).asked, 'nothing');
  assert.equal(also(asked, { kind: 'pause_failed' }).asked, 'nothing');
  assert.equal(canPause(also(live, agent('awaiting_consent'))), false, 'there is nothing to pause');
  const over: Event = { kind: 'state', summary: { ...live.summary, state: 'ended' } };
  assert.deepEqual([also(asked, over).asked, canPause(also(asked, over))], ['nothing', false]);
});

test('an objection is asked about once more, and over when the call is erased', () => {
  const asked = also(drafted(), { kind: 'objection_asked' });
  assert.equal(also(asked, { kind: 'objection_withdrawn' }).asked, 'nothing');
  const sent = also(asked, { kind: 'discard_sent' });
  assert.equal(also(sent, { kind: 'discard_failed' }).asked, 'discard_failed');
  const discard: Event = { kind: 'state', summary: { ...sent.summary, state: 'discarded', status: 'discarded' } };
  assert.equal(also(sent, discard).asked, 'nothing');
});

test('a discarded call is erased here too, all but its note', () => {
  const { summary } = drafted();
  const discard: Event = { kind: 'state', summary: { ...summary, state: 'discarded', status: 'discarded' } };
  const gone = drafted(typed('agreed', 'Mit.'), discard);
  assert.deepEqual([gone.draft, gone.utterances.length, text(gone, 'agreed')], [null, 0, '']);
  assert.equal(editToStore(gone), null);
  assert.equal(hasFields(gone), false);
  const kept = also(drafted(), { kind: 'note_stored', note: note(1, 'A.\nB.', 'C.') }, discard);
  assert.deepEqual([kept.mode, kept.note?.version], ['reading', 1]);
});

test('a partial goes when its utterance comes, and at hang-up', () => {
  const partial = (startMs: number): Event => ({ kind: 'partial', partial: { track: 'far', startMs, text: 'og så' } });
  const utterance: Event = {
    kind: 'utterance',
    utterance: { track: 'far', start: 16_000, startMs: 1_000, endMs: 3_000, text: 'Og så gik jeg.', echo: false },
  };
  const live = call(LIVE);
  assert.equal(after(live, partial(1_000), utterance).partials.far, null);
  assert.notEqual(after(live, utterance, partial(3_500)).partials.far, null);
  assert.equal(after(live, utterance, utterance).utterances.length, 1, 'a repeat');
  const { summary } = after(call());
  assert.equal(after(live, partial(1_000), { kind: 'state', summary }).partials.far, null);
});

test('a draft is reported as shown once it has words that a person sees', () => {
  assert.equal(unreportedDraft(after(call(), started(1))), null);
  const seen = after(call(), started(1), said(0, 'reason', 'A.'));
  assert.equal(unreportedDraft(seen), 1);
  assert.equal(unreportedDraft(also(seen, { kind: 'draft_shown', number: 1, at: AT })), null);
});

test('a draft under another area brings its sections, and takes none in which a person has written (P1)', () => {
  const INCOME = { id: 'income', heading: 'Indkomst' };
  const AGREED = { id: 'agreed', heading: 'Det er aftalt' };
  const again = (...sections: { id: string; heading: string }[]): Event => ({ ...started(2), sections }) as Event;
  const shown = (state: Shown): string => state.sections.map((one) => `${one.id}=${one.heading}:${one.text}`).join(' ');
  const reason = section(drafted(), 'reason').heading;
  const state = also(drafted(), typed('reason', 'Min.'), again(INCOME, AGREED));
  assert.equal(shown(state), `income=Indkomst: agreed=Det er aftalt:C. reason=${reason}:Min.`);
  const whole = also(state, said(0, 'income', 'D.', 2), said(1, 'reason', 'E.', 2), finished(2));
  assert.equal(shown(whole), `income=Indkomst:D. agreed=Det er aftalt: reason=${reason}:Min.`);
  assert.equal(offered(whole, 'reason'), 'E.');
  const saved = also(drafted(), { kind: 'note_saved', note: note(1, 'Gemt.') }, again(INCOME));
  assert.deepEqual(noteTexts(saved), { income: '', reason: 'Gemt.', agreed: '' });
  assert.deepEqual(
    also(drafted(), started(2)).sections.map(({ id }) => id),
    drafted().sections.map(({ id }) => id),
    'servers of before say nothing of sections',
  );
});
