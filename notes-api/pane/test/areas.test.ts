import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AREA_WORDS } from '../src/areas-catalogue';
import { MISTAKE_SENTENCES, saidOf } from '../src/areas-mistakes';
import * as wire from '../src/areas-wire';
import { LANGUAGES, type Language } from '../src/catalogue';
import { BadMessage } from '../src/wire';

const settings = {
  language: 'da',
  sections: [{ id: 'reason', heading: 'Årsag', belongs: 'Hvorfor borgeren ringer.' }],
  length: 'short',
  tone: '',
  categories: [{ id: 'moving', label: 'Flytning' }],
  must_note: [{ id: 'rent', label: 'Husleje', kind: 'amount', cues: ['husleje*'] }],
  glossary: ['boligstøtte'],
  transcript_days: 30,
  drafts_days: null,
  activity_log_days: 365,
  llm_is_local: false,
  pseudonyms: 'full',
};
const mistake = {
  line: 3,
  key: 'style.length',
  found: '"long"',
  problem: 'is none of these',
  code: 'none_of_these',
  arguments: ['short', 'normal', 'detailed'],
};
const problem = { file: 'a.toml', since_ms: 5, kind: 'mistakes', detail: null, mistakes: [mistake] };
const area = { id: 'a', version: 'ab', in_force_since_ms: 4, settings, problem };

test('an area is read whole, with what is wrong with its file', () => {
  const [read] = wire.areas({ areas: [area] });
  assert.equal(read?.inForce?.settings.sections[0]?.belongs, 'Hvorfor borgeren ringer.');
  assert.deepEqual(read?.inForce?.settings.mustNote[0]?.cues, ['husleje*']);
  assert.deepEqual(read?.inForce?.settings.days, { transcript: 30, drafts: null, log: 365 });
  assert.deepEqual(read?.trouble?.mistakes, [mistake]);
});

test('an area without trouble, and one that never was in force', () => {
  const broken = { id: 'b', version: null, in_force_since_ms: null, settings: null, problem };
  const [fine, never] = wire.areas({ areas: [{ ...area, problem: null }, broken] });
  assert.equal(fine?.trouble, null);
  assert.equal(never?.inForce, null);
});

test('what lacks a field is refused by its name', () => {
  const refused = (body: unknown, field: string): void => {
    assert.throws(
      () => wire.areas(body),
      (error) => error instanceof BadMessage && error.message.includes(`"${field}"`),
      field,
    );
  };
  refused({}, 'areas');
  refused({ areas: [{ ...area, version: 7 }] }, 'version');
  for (const field of ['language', 'sections', 'length', 'tone', 'categories', 'must_note', 'glossary', 'pseudonyms']) {
    refused({ areas: [{ ...area, settings: { ...settings, [field]: undefined } }] }, field);
  }
  refused({ areas: [{ ...area, problem: { ...problem, kind: 'odd' } }] }, 'kind');
  refused({ areas: [{ ...area, settings: { ...settings, glossary: [1] } }] }, 'glossary');
  refused({ areas: [{ ...area, problem: { ...problem, mistakes: [{ ...mistake, arguments: [1] }] } }] }, 'arguments');
});

test('a preview tells which turns speak of what', () => {
  const turns = [
    { track: 'near', start: 8000, text: 'Hej.' },
    { track: 'far', start: 32000, text: 'Min husleje.' },
  ];
  const read = wire.preview({ version: 'ab', turns, spoken_of: [{ id: 'rent', turns: [1] }] });
  assert.deepEqual(read.spokenOf.get('rent'), [1]);
  assert.equal(read.turns[1]?.track, 'far');
  assert.throws(() => wire.preview({ turns, spoken_of: [{ id: 'rent', turns: ['1'] }] }), BadMessage);
});

test('everything that the server can say of an area has words, in both languages', () => {
  for (const language of LANGUAGES) {
    const words = AREA_WORDS[language];
    for (const length of wire.LENGTHS) assert.ok(words.length[length]);
    for (const kind of wire.KINDS) assert.ok(words.kind[kind]);
    for (const what of wire.PSEUDONYMS) assert.ok(words.pseudonyms[what]);
    for (const trouble of wire.TROUBLES) assert.equal(words.trouble[trouble].length, 2);
  }
});

/** A mistake as the server tells it, in the words of the page. */
const said = (told: object, language: Language): ReturnType<typeof saidOf> => {
  const [read] = wire.areas({ areas: [{ ...area, problem: { ...problem, mistakes: [{ ...mistake, ...told }] } }] });
  const [found] = read?.trouble?.mistakes ?? [];
  assert.ok(found);
  return saidOf(found, language);
};

test('a mistake is said in the language of the page', () => {
  assert.deepEqual(said({}, 'da'), {
    sentence: 'er ikke en af mulighederne; skriv "short", "normal" eller "detailed"',
    lang: 'da',
  });
  assert.deepEqual(said({}, 'en'), { sentence: 'is none of these; write short, normal or detailed', lang: 'en' });
  const number = { code: 'no_number', arguments: ['3', '100'] };
  assert.equal(said(number, 'da').sentence, 'er ikke et helt tal fra 3 til 100; skriv sådan et');
});

test('a mistake of a kind that only a newer server knows is said in its English', () => {
  const english = { sentence: 'is none of these', lang: 'en' };
  for (const code of ['of_tomorrow', 'toString', '']) assert.deepEqual(said({ code }, 'da'), english);
  assert.deepEqual(said({ code: 'no_number', arguments: ['3'] }, 'da'), english, 'and so is half a sentence');
});

test('each kind of mistake has a sentence of the same parts in both languages', () => {
  const parts = ['17', '18', '19'];
  for (const kind of wire.MISTAKES) {
    const used = LANGUAGES.map((language) => {
      const sentence = MISTAKE_SENTENCES[language][kind](...parts);
      assert.match(sentence, /^[^\n]+[^.\n]$/, `${language}: ${kind}`);
      assert.doesNotMatch(sentence, /undefined/, `${language}: ${kind}`);
      return parts.filter((part) => sentence.includes(part));
    });
    assert.deepEqual(used[0], used[1], kind);
  }
});

test('why there is no draft of the sample call is told by the status', () => {
  assert.deepEqual([429, 503, 504, 500].map(wire.noDraft), ['busy', 'no_pipeline', 'late', 'other']);
});
