// Where the sentences of a draft stand in the text of a section. Pure.
//
// In: the text as it is now, and the draft's sentences. Out: the sentences that are still there, with their places.
// Promised: places do not overlap and come in the order of the text; a sentence that a person corrected is still found
// while at least half of its words stand between its neighbours. Not done here: nothing is judged, nothing is shown.

import type { Sentence } from './wire';

export interface Place {
  readonly sentence: Sentence;
  readonly start: number;
  readonly end: number;
}

export const places = (text: string, sentences: readonly Sentence[]): readonly Place[] => {
  const exact: Place[] = [];
  let from = 0;
  for (const sentence of sentences) {
    const start = sentence.text === '' ? -1 : text.indexOf(sentence.text, from);
    if (start < 0) continue;
    from = start + sentence.text.length;
    exact.push({ sentence, start, end: from });
  }
  const found = [...exact];
  for (const [position, sentence] of sentences.entries()) {
    if (exact.some((place) => place.sentence === sentence)) continue;
    const before = found.filter((place) => sentences.indexOf(place.sentence) < position);
    const after = exact.find((place) => sentences.indexOf(place.sentence) > position);
    const place = corrected(text, Math.max(0, ...before.map(({ end }) => end)), after?.start ?? text.length, sentence);
    if (place !== null) found.push(place);
  }
  return found.sort((a, b) => a.start - b.start);
};

/** The piece between two places that says most of what the sentence said. */
const corrected = (text: string, from: number, to: number, sentence: Sentence): Place | null => {
  const said = new Set(words(sentence.text));
  let best: Place | null = null;
  let most = 0;
  for (const piece of text.slice(from, to).matchAll(/\S[^.!?]*(?:[.!?]+(?!\s|$)[^.!?]*)*[.!?]*/g)) {
    const kept = new Set(words(piece[0]).filter((word) => said.has(word))).size;
    if (kept * 2 < said.size || kept <= most) continue;
    most = kept;
    best = { sentence, start: from + piece.index, end: from + piece.index + piece[0].trimEnd().length };
  }
  return best;
};

const words = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
