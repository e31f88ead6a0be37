// Where words stand in the transcript. Pure.
//
// In: the lines, and what is searched for. Out: every place, in order. Case does not count; everything else does.

import type { Line } from './transcript';

export interface Hit {
  /** The line's. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** A letter for a letter, so that places stay where they are: a few capitals of other alphabets become two letters. */
const lower = (text: string): string => {
  const small = text.toLowerCase();
  return small.length === text.length ? small : text;
};

export const hits = (lines: readonly Line[], query: string): readonly Hit[] => {
  const wanted = lower(query.trim());
  if (wanted === '') return [];
  return lines.flatMap((line): readonly Hit[] => {
    if (line.kind !== 'said') return [];
    const text = lower(line.text);
    const found: Hit[] = [];
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length))
      found.push({ key: line.key, start: at, end: at + wanted.length });
    return found;
  });
};

/** The hit before or after, around the ends. */
export const stepped = (at: number, by: 1 | -1, of: number): number => (of === 0 ? 0 : (at + by + of) % of);
