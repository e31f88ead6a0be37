// What a person still has to look at before saving: doubts, confirmations, and what may be missing. Pure.
//
// In: the draft, and the text as it is now. Out: what stands. A doubt about some words stands while they do; one about a
// whole sentence while the sentence is found (evidence.ts). What was confirmed or turned down is kept by its words, so that a
// new draft with the same sentence asks nothing twice. Not done here: nothing is judged (the guards did), nothing is shown.

import { type Place, places } from './evidence';
import { hasFields, sentencesOf } from './questions';
import type { Shown } from './state';
import type { Draft, Evidence, Flag, Missing, Sentence, Utterance } from './wire';

/** A doubt that stands, with its place in the text of the section. */
export interface Doubt {
  readonly flag: Flag;
  readonly start: number;
  readonly end: number;
}

export const doubts = (text: string, { sentence, start, end }: Place): readonly Doubt[] => {
  const now = text.slice(start, end);
  return sentence.flags.flatMap((flag) => {
    if (isWhole(flag, sentence)) return [{ flag, start, end }];
    const words = sentence.text.slice(flag.start, flag.end);
    const at = now === sentence.text ? flag.start : nearest(now, words, flag.start);
    return at === null ? [] : [{ flag, start: start + at, end: start + at + words.length }];
  });
};

/** About the sentence, not about some of its words. */
export const isWhole = ({ start, end }: Flag, { text }: Sentence): boolean =>
  start >= end || (start === 0 && end >= text.length);

const LETTER = /[\p{L}\p{N}]/u;

/** Where whole words stand in a text, of several places the one nearest to where they stood. */
const nearest = (text: string, words: string, before: number): number | null => {
  let best: number | null = null;
  for (let at = text.indexOf(words); at >= 0; at = text.indexOf(words, at + 1)) {
    const inWord = (index: number): boolean => LETTER.test(text.charAt(index));
    const cutsWord = (inWord(at - 1) && inWord(at)) || (inWord(at + words.length - 1) && inWord(at + words.length));
    if (!cutsWord && (best === null || Math.abs(at - before) < Math.abs(best - before))) best = at;
  }
  return best;
};

export const isConfirmed = ({ confirmed }: Shown, { text }: Sentence): boolean => confirmed.includes(text);

/** The sentences that a person confirmed, as the note tells the server. */
export const confirmedOf = (state: Shown): readonly number[] =>
  (state.draft?.sentences ?? [])
    .filter((sentence) => sentence.confirm !== null && isConfirmed(state, sentence))
    .map(({ index }) => index);

export const nameOf = ({ said, fact, evidence: { track, start } }: Missing): string =>
  `${track} ${start} ${fact} ${said}`;

/** So many are shown; more would not be read. */
const MOST_MISSING = 8;

/** What may be missing, once the draft is whole. */
export const missingOf = (state: Shown): readonly Missing[] =>
  state.draft?.state === 'ready'
    ? state.draft.missing.filter((one) => !state.dismissed.includes(nameOf(one))).slice(0, MOST_MISSING)
    : [];

/** What is to be looked at, counted, or null while there is no whole draft to look at. */
export const counted = (state: Shown): { doubts: number; toConfirm: number; missing: number } | null => {
  if (!hasFields(state) || state.draft?.state !== 'ready') return null;
  const count = { doubts: 0, toConfirm: 0, missing: missingOf(state).length };
  for (const { id, text } of state.sections) {
    for (const place of places(text, sentencesOf(state, id))) {
      count.doubts += doubts(text, place).length;
      if (place.sentence.confirm !== null && !isConfirmed(state, place.sentence)) count.toConfirm += 1;
    }
  }
  return count;
};

/** Which words of an utterance were perhaps misheard. */
export const uncertainOf = (draft: Draft | null, { track, start }: Evidence): readonly number[] =>
  (draft?.uncertain ?? []).filter((one) => one.track === track && one.start === start).map(({ word }) => word);

/** The utterances that are named, in the order of the call. */
export const utterancesOf = (
  { utterances }: Pick<Shown, 'utterances'>,
  evidence: readonly Evidence[],
): readonly Utterance[] =>
  utterances.filter(({ track, start }) => evidence.some((one) => one.track === track && one.start === start));
