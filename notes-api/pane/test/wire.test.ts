import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as wire from '../src/wire';
import { json } from './given';

test('a call that lacks a field is refused by the name of the field', () => {
  for (const field of ['id', 'area', 'state', 'status', 'started_ms', 'sequence', 'sections', 'utterances', 'gaps']) {
    for (const value of [undefined, null, {}, []]) {
      const broken: Record<string, unknown> = { ...json(), [field]: value };
      if (Array.isArray(value) && Array.isArray(json()[field])) continue;
      assert.throws(
        () => wire.detail(broken),
        (error) => error instanceof wire.BadMessage && error.message.includes(`"${field}"`),
        `${field} = ${JSON.stringify(value)}`,
      );
    }
  }
  for (const nonsense of [null, 7, 'text', [], undefined]) assert.throws(() => wire.detail(nonsense), wire.BadMessage);
});

test('an utterance is an echo where the server says of what', () => {
  const said = { track: 'near', start: 16_000, start_ms: 1_000, end_ms: 2_000, text: 'Hej.' };
  const call = wire.detail(json({ utterances: [said, { ...said, echo_of_ms: 880 }, { ...said, echo_of_ms: 0 }] }));
  assert.deepEqual(
    call.utterances.map(({ echo }) => echo),
    [false, true, true],
  );
});

test('a word of a later version is no reason to fail', () => {
  const call = wire.detail(
    json({
      direction: 'sideways',
      gaps: [{ track: 'near', start_ms: 0, end_ms: 9, reason: 'meteor' }],
      not_transcribed: [{ track: 'far', start_ms: 0, end_ms: 9, reason: 'meteor' }],
      agent: { state: 'dreaming', since_ms: 0, near_level: 0, far_level: 0 },
      draft: {
        number: 1,
        attempt: 1,
        state: 'superseded',
        failure: 'meteor',
        origin: { kind: 'llm', model: 'm', trouble: 'meteor' },
        sentences: [
          {
            index: 0,
            section: 's',
            text: 't',
            evidence: [],
            flags: [
              { kind: 'meteor', start: 0, end: 1, said: '', reason: 'not_said', evidence: [] },
              { kind: 'date', start: 0, end: 1, said: '', reason: 'meteor', evidence: [] },
              { kind: 'name', start: 0, end: 1, said: '' },
            ],
            confirm: 'meteor',
          },
        ],
        missing: [{ kind: 'meteor', fact: '', said: 'x', evidence: { track: 'far', start: 1 } }],
      },
    }),
  );
  assert.equal(call.direction, 'unknown');
  assert.equal(call.gaps[0]?.reason, 'other');
  assert.equal(call.notTranscribed[0]?.reason, 'other');
  assert.equal(call.agent?.state, 'starting', 'never a claim that it listens');
  assert.deepEqual([call.draft?.failure, call.draft?.origin?.trouble], ['drafter_failed', 'other']);
  const [sentence] = call.draft?.sentences ?? [];
  assert.deepEqual(
    sentence?.flags.map(({ kind, reason }) => `${kind} ${reason}`),
    ['other other', 'date other', 'name other'],
  );
  assert.equal(sentence?.confirm, 'other', 'what asks to be confirmed goes on asking');
  assert.equal(call.draft?.missing[0]?.kind, 'other');
  assert.equal(wire.callEvent('meteor', {}), null);
});

test('what the guards say of a draft is read', () => {
  const far = { track: 'far', start: 16_000 };
  const flag = { kind: 'number', start: 4, end: 9, said: '6.450', reason: 'other_value', evidence: [far] };
  const sentence = { index: 0, section: 's', text: 'Kun 6.540.', evidence: [far], flags: [flag], confirm: 'decision' };
  const whole = { number: 1, attempt: 1, state: 'ready' };
  const { draft } = wire.detail(
    json({
      draft: {
        ...whole,
        sentences: [sentence, { ...sentence, flags: [], confirm: null }],
        missing: [
          { kind: 'date', fact: '', said: 'i morgen', evidence: far },
          { kind: null, fact: 'income', said: 'x', evidence: far },
        ],
        uncertain: [{ utterance: far, word: 2 }],
      },
    }),
  );
  assert.deepEqual(draft?.sentences[0]?.flags, [flag]);
  assert.deepEqual(
    draft?.sentences.map(({ confirm }) => confirm),
    ['decision', null],
  );
  assert.deepEqual(
    draft?.missing.map(({ kind, fact, said }) => [kind, fact, said]),
    [
      ['date', '', 'i morgen'],
      [null, 'income', 'x'],
    ],
  );
  assert.deepEqual(draft?.uncertain, [{ ...far, word: 2 }]);
  // A server that has no guards says nothing of them.
  const bare = wire.detail(
    json({ draft: { ...whole, sentences: [{ index: 0, section: 's', text: 't', evidence: [] }] } }),
  );
  assert.deepEqual([bare.draft?.missing, bare.draft?.uncertain, bare.draft?.sentences[0]?.confirm], [[], [], null]);
});

test('every event that the server sends is read', () => {
  const draft = { number: 1, attempt: 1, state: 'ready' };
  const stretch = { track: 'near', start_ms: 0, end_ms: 9, reason: 'paused' };
  const table: readonly [string, unknown][] = [
    ['utterance', { track: 'far', start: 1, start_ms: 0, end_ms: 1, text: 'Ja.', probability: 0.9, words: [] }],
    ['gap', stretch],
    ['not_transcribed', { ...stretch, reason: 'timed_out' }],
    ['suppressed', stretch],
    ['state', json()],
    ['draft_started', { number: 1, attempt: 1, provisional: true }],
    ['draft_started', { number: 1, attempt: 1, provisional: true, sections: [{ id: 'a', heading: 'A' }] }],
    ['draft_sentence', { number: 1, attempt: 1, sentence: { index: 0, section: 's', text: 't', evidence: [] } }],
    ['draft_finished', draft],
    ['draft_failed', { number: 1, failure: 'insufficient_content' }],
    ['edit_saved', { revision: 2 }],
    ['note_saved', { id: 'n1', version: 1, sections: { a: 'b' }, saved_ms: 1, correction_ms: null }],
    ['late', { utterances: 3 }],
    ['partial', { track: 'near', start_ms: 0, text: 'og' }],
    ['agent', { state: 'paused', since_ms: 1, near_level: 2, far_level: 3 }],
  ];
  for (const [kind, data] of table) {
    assert.equal(wire.callEvent(kind, data)?.kind, kind);
    assert.throws(() => wire.callEvent(kind, null), wire.BadMessage, kind);
  }
});

test('a message of an error never holds what was said', () => {
  try {
    wire.callEvent('utterance', { track: 'far', start: 'x', text: 'hemmeligt' });
    assert.fail('it was read');
  } catch (error) {
    assert.ok(error instanceof wire.BadMessage);
    assert.ok(!error.message.includes('hemmeligt'));
  }
});
