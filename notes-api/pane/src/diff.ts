// What differs between two texts, word by word. Pure.
//
// In: two texts. Out: parts in order: in both, only in the first (`gone`), only in the second (`new`). Blanks between two words
// that differ go with them, so that a phrase is one part. Texts that differ in more than `MOST` words are not compared word by
// word: that would take long, and nobody would read it.

export interface Part {
  readonly kind: 'both' | 'gone' | 'new';
  readonly text: string;
}

const MOST = 2_000;

const wordsOf = (text: string): readonly string[] =>
  text.match(/\n|[^\S\n]+|[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu) ?? [];

export const diff = (before: string, after: string): readonly Part[] => {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  let head = 0;
  while (head < Math.min(a.length, b.length) && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const [from, to] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const middle = Math.max(from.length, to.length) > MOST ? whole(from, to) : common(from, to);
  return joined([
    { kind: 'both', text: a.slice(0, head).join('') },
    ...phrases(middle),
    { kind: 'both', text: a.slice(a.length - tail).join('') },
  ]);
};

const whole = (a: readonly string[], b: readonly string[]): readonly Part[] => [
  { kind: 'gone', text: a.join('') },
  { kind: 'new', text: b.join('') },
];

/** The longest row of words that both have, by dynamic programming from the end. */
const common = (a: readonly string[], b: readonly string[]): readonly Part[] => {
  const wide = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * wide);
  const at = (i: number, j: number): number => longest[i * wide + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      longest[i * wide + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const parts: Part[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [gone, fresh] = [a[i], b[j]];
    if (gone !== undefined && gone === fresh) {
      parts.push({ kind: 'both', text: gone });
      [i, j] = [i + 1, j + 1];
    } else if (gone !== undefined && (fresh === undefined || at(i + 1, j) >= at(i, j + 1))) {
      parts.push({ kind: 'gone', text: gone });
      i += 1;
    } else if (fresh !== undefined) {
      parts.push({ kind: 'new', text: fresh });
      j += 1;
    }
  }
  return parts;
};

/** Of a run of changes first what is gone, then what is new, with the blanks between them in each. */
const phrases = (parts: readonly Part[]): readonly Part[] => {
  const all: Part[] = [];
  let [gone, fresh] = ['', ''];
  const close = (): void => {
    all.push({ kind: 'gone', text: gone }, { kind: 'new', text: fresh });
    [gone, fresh] = ['', ''];
  };
  for (const [index, { kind, text }] of parts.entries()) {
    const next = parts[index + 1]?.kind;
    const isBetween = kind === 'both' && /^[^\S\n]+$/.test(text) && gone !== '' && fresh !== '' && next !== 'both';
    if (kind === 'gone' || isBetween) gone += text;
    if (kind === 'new' || isBetween) fresh += text;
    if (kind === 'both' && !isBetween) {
      close();
      all.push({ kind, text });
    }
  }
  close();
  return all;
};

const joined = (parts: readonly Part[]): readonly Part[] => {
  const all: Part[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.text === '') continue;
    if (last?.kind === part.kind) all[all.length - 1] = { ...last, text: last.text + part.text };
    else all.push(part);
  }
  return all;
};
