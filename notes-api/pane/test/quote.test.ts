import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pieces } from '../src/quote';

test('uncertain words and words that matter are cut out of a text, and nothing is lost', () => {
  const text = 'Den nye  husleje er 6.450 kroner.';
  const check = (uncertain: readonly number[], matter: readonly string[], expected: string): void => {
    const found = pieces(text, uncertain, matter);
    const drawn = found.map((piece) => {
      const said = piece.uncertain ? `(${piece.text})` : piece.text;
      return piece.matters ? `*${said}*` : said;
    });
    assert.equal(drawn.join('|'), expected);
    assert.equal(found.map((piece) => piece.text).join(''), text);
  };
  check([], [], text);
  check([0], [], '(Den)| nye  husleje er 6.450 kroner.');
  // Words are counted as blanks part them, however many blanks.
  check([2, 5], [], 'Den nye  |(husleje)| er 6.450 |(kroner.)');
  check([], ['6.450'], 'Den nye  husleje er |*6.450*| kroner.');
  check([4], ['6.450 kroner'], 'Den nye  husleje er |*(6.450)*|* kroner*|.');
  // What is the whole text, nothing, or not in it does not stand out.
  check([], [text, '', '6.540'], text);
  // A word that is not there marks nothing.
  check([17], [], text);
});

test('a blank is what the server takes for one', () => {
  assert.deepEqual(
    pieces('a\u00a0b\u0085c', [1]).map(({ text }) => text),
    ['a\u00a0', 'b', '\u0085c'],
  );
  assert.deepEqual(
    pieces('a\ufeffb c', [0]).map(({ text }) => text),
    ['a\ufeffb', ' c'],
  );
});
