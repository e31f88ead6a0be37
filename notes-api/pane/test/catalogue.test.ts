import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUES, doubtOf, LANGUAGES, languageOf } from '../src/catalogue';
import { TONES } from '../src/marks';
import { MORE_WORDS } from '../src/more-catalogue';
import * as wire from '../src/wire';
import './given';

/** Every text of a catalogue with its path; texts that are made get something to be made of. */
const texts = (value: unknown, path: string): readonly (readonly [string, string])[] => {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    const make = value as (...parts: readonly unknown[]) => unknown;
    return [1, 2].flatMap((count) =>
      texts(make.call(null, path.endsWith('.missing') ? 'near' : count, '1', '2'), `${path}(${count})`),
    );
  }
  assert.ok(typeof value === 'object' && value !== null, path);
  return Object.entries(value).flatMap(([key, part]) => texts(part, `${path}.${key}`));
};

test('both languages say the same things', () => {
  const [da, en] = LANGUAGES.map((language) => texts(CATALOGUES[language], '').map(([path]) => path));
  assert.deepEqual(da, en);
  const [moreDa, moreEn] = LANGUAGES.map((language) => texts(MORE_WORDS[language], '').map(([path]) => path));
  assert.deepEqual(moreDa, moreEn);
  assert.notEqual(CATALOGUES.da.save, CATALOGUES.en.save);
});

test('every word is there, and none is jargon', () => {
  for (const language of LANGUAGES) {
    for (const [path, text] of texts([CATALOGUES[language], MORE_WORDS[language]], language)) {
      assert.notEqual(text.trim(), '', path);
      assert.doesNotMatch(text, /undefined|\bLLM\b|\bAI\b|token(?!=)|server-sent|HTTP|VAD|whisper|null|NaN/, path);
    }
  }
});

type Table = readonly [string, readonly string[], Readonly<Record<string, unknown>>];

test('everything that the server can say has words and a shape', () => {
  for (const language of LANGUAGES) {
    const words = CATALOGUES[language];
    const tables: readonly Table[] = [
      ['status', wire.STATUSES, words.headline],
      ['agent state', wire.AGENT_STATES.filter((state) => state !== 'idle'), words.headline],
      ['gap', wire.GAP_REASONS, words.gapReason],
      ['not transcribed', wire.NOT_TRANSCRIBED_REASONS, words.notTranscribedReason],
      ['suppressed', wire.SUPPRESSED_REASONS, words.suppressedReason],
      ['trouble', wire.TROUBLES, words.draftTrouble],
      ['failure', wire.FAILURES, words.draftFailed],
      ['flag', wire.FLAGS, words.doubt],
      ...wire.FLAGS.map((kind): Table => [`doubt of ${kind}`, wire.DOUBTS[kind], words.doubt[kind]]),
      ['may be missing', wire.FLAGS, words.maybeMissingKind],
      ['confirm', wire.CONFIRMS, words.confirm],
      ['direction', wire.DIRECTIONS, words.direction],
      ['track', wire.TRACKS, words.speaker],
      ['headline', Object.keys(words.headline), TONES],
    ];
    for (const [what, all, table] of tables)
      for (const one of all) assert.ok(table[one], `${language}: ${what} ${one}`);
  }
});

test('a doubt is a whole sentence, and names the words where it is about some', () => {
  for (const language of LANGUAGES) {
    const words = CATALOGUES[language];
    for (const kind of wire.FLAGS) {
      for (const reason of wire.DOUBTS[kind]) {
        const said = doubtOf({ kind, reason }, '»de tvivlsomme«', words);
        assert.match(said, /^\p{Lu}[^\n]*\.$/u, `${language}: ${kind} ${reason}`);
        const isOfWords = ['number', 'date', 'name'].includes(kind) || reason === 'other_speaker';
        assert.ok(!isOfWords || said.includes('»de tvivlsomme«'), `${language}: ${kind} ${reason}: ${said}`);
      }
    }
    // A reason that does not go with the kind still gives a sentence.
    assert.equal(doubtOf({ kind: 'speaker', reason: 'taken_back' }, 'x', words), words.doubt.speaker.other('x'));
  }
});

test('what is wrong says what to do', () => {
  for (const language of LANGUAGES) {
    const { trouble } = CATALOGUES[language];
    for (const [state, tone] of Object.entries(TONES)) {
      if (tone !== 'warn' && tone !== 'bad') continue;
      // A failed draft has its reason from the draft, and catching up heals by itself.
      if (state === 'draft_failed' || state === 'catching_up') continue;
      assert.ok(trouble[state as keyof typeof trouble], `${language}: ${state}`);
    }
  }
});

test('the language is Danish unless somebody wants English', () => {
  const table = [
    ['da-DK', 'da'],
    ['en-GB', 'en'],
    ['EN', 'en'],
    ['de', 'da'],
    ['', 'da'],
    [null, 'da'],
  ] as const;
  for (const [tag, expected] of table) assert.equal(languageOf(tag), expected, String(tag));
});
