// What lies behind a text field: the same text once more, invisible, with what is to be seen in it marked.
//
// In: the text, and the draft's sentences that stand in it. Out: spans. They break lines where the field does, so they tell
// where a sentence begins. Not done here: nothing is laid out (section-view.ts).

import type { Doubt } from './checks';
import { type Child, el } from './dom';
import type { Place } from './evidence';
import { oddPlaces } from './plain';

/** A sentence that stands in the text, and what is to be looked at. */
export interface Found extends Place {
  readonly doubts: readonly Doubt[];
  readonly isConfirmed: boolean;
}

/** The text once more: a span for each sentence that is still there, and within it one for each stretch of doubted words. */
export const marked = (text: string, found: readonly Found[], open: number | null): readonly Child[] => {
  const parts: Child[] = [];
  let from = 0;
  for (const { sentence, start, end, doubts } of found) {
    const inside: Child[] = [];
    let at = start;
    for (const doubt of [...doubts].sort((a, b) => a.start - b.start)) {
      if (doubt.end <= at) continue;
      const begin = Math.max(at, doubt.start);
      inside.push(
        ...framed(text.slice(at, begin)),
        el('span', { class: 'doubt' }, ...framed(text.slice(begin, doubt.end))),
      );
      at = doubt.end;
    }
    inside.push(...framed(text.slice(at, end)));
    const attributes = { 'data-index': sentence.index, class: sentence.index === open ? 'looked' : null };
    parts.push(...framed(text.slice(from, start)), el('span', attributes, ...inside));
    from = end;
  }
  // A last empty line has height only if something stands on it.
  return [...parts, ...framed(text.slice(from)), '\u200b'];
};

/** The text, with a frame around each character that shows nothing. */
const framed = (text: string): readonly Child[] => {
  const parts: Child[] = [];
  let from = 0;
  for (const at of oddPlaces(text)) {
    const end = at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
    parts.push(text.slice(from, at), el('span', { class: 'odd' }, text.slice(at, end)));
    from = end;
  }
  return [...parts, text.slice(from)];
};
