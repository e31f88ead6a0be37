import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chordOf, type Deed, KEYS, meant, type Pressed } from '../src/keys';
import { MORE_WORDS } from '../src/more-catalogue';
import './given';

const pressed = (chord: string, more: Partial<Pressed> = {}): Pressed => {
  const parts = chord.split('+');
  const key = parts.at(-1) ?? '';
  return {
    key,
    code: /^[A-Z]$/.test(key) ? `Key${key}` : /^\d$/.test(key) ? `Digit${key}` : key,
    ctrlKey: parts.includes('Ctrl'),
    altKey: parts.includes('Alt'),
    shiftKey: parts.includes('Shift') || key === '?',
    metaKey: false,
    isComposing: false,
    getModifierState: () => false,
    ...more,
  };
};

test('each key does one thing, and each deed has a key and words', () => {
  const all = KEYS.filter(({ where }) => where === undefined).flatMap(({ chords }) => chords);
  assert.equal(new Set(all).size, all.length, 'no chord stands twice');
  for (const { deed, chords, where } of KEYS) {
    assert.ok(chords.length > 0, deed);
    for (const [at, chord] of chords.entries()) {
      if (where === undefined) assert.deepEqual(meant(pressed(chord), false, false), [deed, at], chord);
    }
    assert.ok(MORE_WORDS.da.deeds[deed] && MORE_WORDS.en.deeds[deed], deed);
  }
  const deeds = Object.keys(MORE_WORDS.da.deeds) as Deed[];
  assert.deepEqual(
    deeds.filter((deed) => !KEYS.some((key) => key.deed === deed)),
    [],
  );
});

test('no key is one of the browser, or of a letter that a Danish keyboard makes', () => {
  const taken = ['Alt+D', 'Alt+E', 'Alt+F', 'Ctrl+W', 'Ctrl+T', 'Ctrl+N', 'Ctrl+L', 'Ctrl+R', 'Ctrl+P'];
  const chords = KEYS.flatMap((key) => key.chords);
  assert.deepEqual(
    chords.filter((chord) => taken.includes(chord)),
    [],
  );
  assert.equal(meant(pressed('Ctrl+Alt+2', { getModifierState: (name) => name === 'AltGraph' }), true, false), null);
  assert.equal(meant(pressed('Ctrl+Enter', { isComposing: true }), true, false), null);
  assert.equal(meant(pressed('?'), true, false), null, 'a question mark is text where text is written');
});

test('a key is taken by its place, whatever it would write; a Mac has its own', () => {
  assert.equal(chordOf(pressed('Alt+M', { key: 'µ', code: 'KeyM' }), false), 'Alt+M');
  assert.equal(chordOf(pressed('z', { ctrlKey: true, key: 'z', code: 'KeyZ' }), false), 'Ctrl+Z');
  assert.equal(chordOf(pressed('Enter', { metaKey: true }), true), 'Ctrl+Enter');
  assert.equal(chordOf(pressed('Ctrl+Enter'), true), 'Other+Enter');
});
