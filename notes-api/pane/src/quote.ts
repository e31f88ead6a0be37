// Words of the call as they are quoted: below a sentence, beside what may be missing, and in the transcript.
//
// In: an utterance, which of its words were perhaps misheard, and which of them matter here. Out: elements. An uncertain word
// has a dotted line and says so to who hears it; the words that matter are bold.

import { CATALOGUES, type Language } from './catalogue';
import { type Child, el } from './dom';
import { visible } from './plain';
import * as time from './time';
import type { Utterance } from './wire';

type Range = { readonly start: number; readonly end: number };

export interface Piece {
  readonly text: string;
  readonly uncertain: boolean;
  readonly matters: boolean;
  /** Which of the hits it is in. */
  readonly hit: number | null;
}

/** The text cut where an uncertain word or one of the words that matter begins or ends. */
export const pieces = (
  text: string,
  uncertain: readonly number[],
  matter: readonly string[] = [],
  hits: readonly Range[] = [],
): readonly Piece[] => {
  // As the server parts words: by whatever is a blank.
  const words = [...text.matchAll(/\P{White_Space}+/gu)].map(({ index, 0: word }) => [index, index + word.length]);
  const doubted = words.filter((_, number) => uncertain.includes(number));
  const mattering = matter
    .filter((some) => some !== '' && some !== text && text.includes(some))
    .map((some) => [text.indexOf(some), text.indexOf(some) + some.length]);
  const cuts = [
    ...new Set([
      0,
      text.length,
      ...doubted.flat(),
      ...mattering.flat(),
      ...hits.flatMap(({ start, end }) => [start, end]),
    ]),
  ].sort((a, b) => a - b);
  const within = (ranges: readonly (readonly number[])[], at: number): boolean =>
    ranges.some(([from = 0, to = 0]) => from <= at && at < to);
  return cuts.slice(1).map((end, number) => {
    const start = cuts[number] ?? 0;
    const hit = hits.findIndex((one) => one.start <= start && start < one.end);
    return {
      text: text.slice(start, end),
      uncertain: within(doubted, start),
      matters: within(mattering, start),
      hit: hit < 0 ? null : hit,
    };
  });
};

export const quoted = (
  text: string,
  uncertain: readonly number[],
  language: Language,
  matter: readonly string[] = [],
  hits: readonly (Range & { readonly isCurrent: boolean })[] = [],
): readonly Child[] => {
  const all: Child[] = [];
  let strong: HTMLElement | null = null;
  for (const piece of pieces(text, uncertain, matter, hits)) {
    const word = piece.uncertain ? uncertainWord(piece.text, language) : visible(piece.text);
    const hit = piece.hit === null ? undefined : hits[piece.hit];
    const said = hit === undefined ? word : el('mark', { class: hit.isCurrent ? 'here' : null }, word);
    if (!piece.matters) {
      strong = null;
      all.push(said);
    } else if (strong === null) {
      strong = el('strong', {}, said);
      all.push(strong);
    } else {
      strong.append(said);
    }
  }
  return all;
};

const uncertainWord = (word: string, language: Language): HTMLElement => {
  const words = CATALOGUES[language];
  return el(
    'span',
    { class: 'uncertain', title: words.uncertainWhy },
    visible(word),
    el('span', { class: 'heard' }, ` ${words.uncertain}`),
  );
};

export const quote = (
  { track, startMs, text }: Utterance,
  uncertain: readonly number[],
  language: Language,
  { matter = [], beside = '' }: { matter?: readonly string[]; beside?: string } = {},
): HTMLElement =>
  el(
    'blockquote',
    { class: track },
    el('cite', {}, `${CATALOGUES[language].speaker[track]} ${time.intoCall(startMs)}${beside}`),
    el('span', {}, ...quoted(text, uncertain, language, matter)),
  );
