import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Due } from '../src/autosave';
import { diff } from '../src/diff';
import { oddOf, visible, withoutOdd } from '../src/plain';
import { hits, stepped } from '../src/search';
import type { Line } from '../src/transcript';
import { Unsent } from '../src/unsent';
import { after, also, call, finished, said, started, text, typed } from './given';

test('what differs between two texts is told by words, and both can be put together again', () => {
  const table = [
    ['', ''],
    ['Det ene.', ''],
    ['Det ene.', 'Det andet.'],
    ['a b c d', 'a x y d'],
    ['Linje 1\nLinje 2', 'Linje 1\nNy linje\nLinje 2'],
    ['x '.repeat(3_000), 'y '.repeat(3_000)],
  ] as const;
  for (const [before, now] of table) {
    const parts = diff(before, now);
    const whole = (not: string): string => parts.map(({ kind, text }) => (kind === not ? '' : text)).join('');
    assert.equal(whole('new'), before);
    assert.equal(whole('gone'), now);
  }
  assert.deepEqual(diff('Det ene kommer.', 'Det andet kommer.'), [
    { kind: 'both', text: 'Det ' },
    { kind: 'gone', text: 'ene' },
    { kind: 'new', text: 'andet' },
    { kind: 'both', text: ' kommer.' },
  ]);
});

test('characters that show nothing are shown, and nothing else is', () => {
  assert.equal(visible('Beløb \u202e0054 kr.'), 'Beløb ⟨U+202E⟩0054 kr.');
  assert.deepEqual(oddOf('a\u200bb\0c\u200b'), ['⟨U+200B⟩', '⟨U+0000⟩']);
  assert.equal(withoutOdd('a\u200bb\0c'), 'abc');
  for (const plain of ['Æblegrød\tog\nmælk\r\n', 'e\u0301', '\u{1f469}\u200d\u{1f467}', 'שלום'])
    assert.equal(visible(plain), plain);
});

test('typed text is due when the keys rest, and soon enough when they do not', () => {
  const due = new Due();
  for (let at = 0; at < 1_000; at += 100) {
    due.typed(at);
    assert.equal(due.isDue(at), false, String(at));
  }
  due.typed(1_000);
  assert.equal(due.isDue(1_000), true, 'a second after the first key');
  due.sent();
  due.typed(2_000);
  assert.equal(due.isDue(2_499), false);
  assert.equal(due.isDue(2_500), true, 'half a second after the last key');
  due.failed(2_600);
  assert.equal(due.isDue(3_599), false, 'a failure waits a second');
  assert.equal(due.isDue(3_600), true);
  for (let count = 0; count < 40; count += 1) due.failed(10_000);
  assert.equal(due.isDue(18_000), true, 'and never more than eight');
});

test('a search finds every place, whatever the case, and goes round', () => {
  const line = (key: string, text: string): Line => ({
    kind: 'said',
    key,
    track: 'far',
    startMs: 0,
    text,
    uncertain: [],
    echo: false,
  });
  const lines = [line('1', 'Husleje, husleje'), line('2', 'HUSLEJEN')];
  assert.deepEqual(
    hits(lines, ' husleje ').map(({ key, start }) => [key, start]),
    [
      ['1', 0],
      ['1', 9],
      ['2', 0],
    ],
  );
  assert.deepEqual(hits(lines, '  '), []);
  assert.deepEqual([stepped(2, 1, 3), stepped(0, -1, 3), stepped(0, 1, 0)], [0, 2, 0]);
});

const drafted = (...events: Parameters<typeof after>[1][]) =>
  after(call(), started(1), said(0, 'reason', 'A.'), said(1, 'agreed', 'B.'), finished(1), ...events);

test('what a person did is undone step by step, and done again (P5)', () => {
  const state = drafted(typed('agreed', 'Mit.'), typed('reason', 'Andet.'));
  const back = also(state, { kind: 'undone' });
  assert.deepEqual([text(back, 'reason'), text(back, 'agreed')], ['A.', 'Mit.']);
  const all = also(back, { kind: 'undone' }, { kind: 'undone' });
  assert.deepEqual([text(all, 'reason'), text(all, 'agreed')], ['A.', 'B.'], 'one step too many does nothing');
  assert.equal(all.sections.find(({ id }) => id === 'agreed')?.touched, true, 'no draft fills it again');
  const again = also(all, { kind: 'redone' }, { kind: 'redone' });
  assert.deepEqual([text(again, 'reason'), text(again, 'agreed')], ['Andet.', 'Mit.']);
  const other = also(back, typed('reason', 'Nyt.'), { kind: 'redone' });
  assert.equal(text(other, 'reason'), 'Nyt.', 'what was typed since is not gone over');
  const restored = also(state, { kind: 'draft_restored', section: null });
  assert.deepEqual([text(restored, 'reason'), text(restored, 'agreed')], ['A.', 'B.']);
  assert.equal(text(also(restored, { kind: 'undone' }), 'agreed'), 'Mit.');
});

test("another's words are not undone", () => {
  const theirs = { kind: 'edit_elsewhere', edit: { revision: 4, draft: 1, sections: { agreed: 'Deres.' } } } as const;
  const mine = drafted(typed('agreed', 'Mit.'));
  const stored = also(mine, { kind: 'edit_stored', revision: 1, sections: { agreed: 'Mit.' }, at: 1 }, theirs);
  assert.equal(text(stored, 'agreed'), 'Deres.');
  assert.equal(text(also(stored, { kind: 'undone' }), 'agreed'), 'Deres.');
});

test('text that was left unsent is brought to the server, unless another wrote there', async () => {
  const kept: Parameters<Unsent['leave']>[1] = {
    kept: { sections: { agreed: { text: 'Mit.', stored: null } } },
    edit: { revision: 0, draft: 1, sections: { agreed: 'Mit.' } },
    onTheWay: null,
  };
  const unsent = new Unsent();
  unsent.leave('a', kept);
  await unsent.tick({ storeEdit: () => Promise.reject(new Error('away')) }, 0);
  assert.equal(unsent.isEmpty, false);
  await unsent.tick({ storeEdit: async () => ({ kind: 'stored', value: { ...kept.edit, revision: 1 } }) }, 2_000);
  assert.equal(unsent.isEmpty, true);
  unsent.leave('a', kept);
  const current = { revision: 3, draft: 1, sections: { agreed: 'Deres.' } };
  await unsent.tick({ storeEdit: async () => ({ kind: 'elsewhere', current }) }, 4_000);
  assert.deepEqual(unsent.take('a'), kept.kept, 'it waits for a person');
  assert.equal(unsent.take('a'), null);
});
