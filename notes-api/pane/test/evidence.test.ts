import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utterancesOf } from '../src/checks';
import { places } from '../src/evidence';
import { sentence } from './given';

const A = 'Borgeren er flyttet til Odense.';
const B = 'Den nye husleje er 6.450 kroner uden varme.';
const C = 'Borgeren bor alene.';

test('a sentence keeps its place while half of its words stand there', () => {
  const draft = [A, B, C].map((text, index) => sentence(index, 'information', text));
  const table: readonly [string, string, readonly string[]][] = [
    ['as drafted', `${A} ${B} ${C}`, [`0:${A}`, `1:${B}`, `2:${C}`]],
    ['one deleted', `${A} ${C}`, [`0:${A}`, `2:${C}`]],
    [
      'one corrected',
      `${A} Den nye husleje er 6.540 kroner uden varme. ${C}`,
      [`0:${A}`, '1:Den nye husleje er 6.540 kroner uden varme.', `2:${C}`],
    ],
    ['one written anew', `${A} Hun betaler for meget. ${C}`, [`0:${A}`, `2:${C}`]],
    ['one added', `${A} Hun ringer igen. ${B} ${C}`, [`0:${A}`, `1:${B}`, `2:${C}`]],
    ['on lines of their own', `${A}\n\n${B}\n${C}`, [`0:${A}`, `1:${B}`, `2:${C}`]],
    ['nothing left', '', []],
    ['something else', 'Ingen af delene', []],
  ];
  for (const [what, text, expected] of table) {
    const found = places(text, draft);
    assert.deepEqual(
      found.map(({ sentence: { index }, start, end }) => `${index}:${text.slice(start, end)}`),
      expected,
      what,
    );
  }
});

test('places never overlap, whatever the text', () => {
  const words = 'er er. er? A. a b. b a! 6.450 kr. .'.split(' ');
  for (let seed = 1; seed < 400; seed += 1) {
    const pick = (offset: number): string =>
      words[(seed * 7 + offset * 13 + ((seed >> 3) ^ offset)) % words.length] ?? '';
    const text = Array.from({ length: seed % 9 }, (_, index) => pick(index)).join(' ');
    const draft = Array.from({ length: 4 }, (_, index) =>
      sentence(index, 's', `${pick(index + 3)} ${pick(index + 5)}`),
    );
    let from = 0;
    for (const { start, end } of places(text, draft)) {
      assert.ok(
        start >= from && end > start && end <= text.length,
        JSON.stringify([text, draft.map((one) => one.text)]),
      );
      from = end;
    }
  }
});

test('evidence is the utterances that the sentence names', () => {
  const utterance = (track: 'near' | 'far', start: number) => ({
    track,
    start,
    startMs: start / 16,
    endMs: 0,
    echo: false,
    text: '',
  });
  const utterances = [utterance('near', 16_000), utterance('far', 16_000), utterance('far', 32_000)];
  assert.deepEqual(utterancesOf({ utterances }, sentence(1, 's', 't').evidence), [utterances[1]]);
});
