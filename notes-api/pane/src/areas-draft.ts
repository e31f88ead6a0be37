// The draft of the sample call, as somebody who writes an area reads it: each section with its sentences, the lines of the
// call that each rests on, what is doubted, and what may be missing.
//
// In: a draft, the sample call, the area's settings. Out: elements. The words for doubts are those that caseworkers read.
// Not done here: nothing is asked of the server (areas-page.ts).

import { AREA_WORDS } from './areas-catalogue';
import type { Preview, Settings } from './areas-wire';
import { CATALOGUES, doubtOf, type Language } from './catalogue';
import { isWhole } from './checks';
import { type Child, el } from './dom';
import type { Draft, Evidence, Sentence } from './wire/draft';

export const draftOf = (
  draft: Draft,
  { turns }: Preview,
  { sections, language: lang }: Settings,
  language: Language,
): readonly Child[] => {
  const words = CATALOGUES[language];
  const lines = (evidence: readonly Evidence[]): string => {
    const all = evidence.map(({ track, start }) =>
      turns.findIndex((one) => one.track === track && one.start === start),
    );
    const found = [...new Set(all)].filter((at) => at >= 0).sort((a, b) => a - b);
    return found.length === 0 ? words.noEvidence : AREA_WORDS[language].inLines(found.map((at) => at + 1).join(', '));
  };
  const sentence = (one: Sentence): Child =>
    el(
      'li',
      {},
      el('span', { lang }, one.text),
      el('span', { class: 'kind' }, lines(one.evidence)),
      one.confirm !== null && el('span', { class: 'kind' }, words.confirm[one.confirm]),
      ...one.flags.map((flag) => {
        const about = isWhole(flag, one) ? words.theSentence : words.quoted(one.text.slice(flag.start, flag.end));
        return el('p', { class: 'doubted' }, doubtOf(flag, about, words));
      }),
    );
  return [
    el('p', { class: 'soft' }, by(draft, language)),
    ...sections.flatMap(({ id, heading }) => {
      const own = draft.sentences.filter(({ section }) => section === id);
      if (own.length === 0) return [];
      return [el('h3', { lang }, heading), el('ul', { class: 'drafted' }, ...own.map(sentence))];
    }),
    draft.missing.length > 0 && el('h3', {}, words.maybeMissingTitle),
    draft.missing.length > 0 &&
      el(
        'ul',
        { class: 'drafted' },
        ...draft.missing.map(({ kind, fact, said, evidence }) =>
          el(
            'li',
            {},
            kind === null ? el('span', { lang }, fact) : words.maybeMissingKind[kind],
            ` ${words.quoted(said)}`,
            el('span', { class: 'kind' }, lines([evidence])),
          ),
        ),
      ),
  ];
};

/** Who wrote it, and why it was not the language model, or why there is none. */
const by = ({ state, failure, origin }: Draft, language: Language): string => {
  const words = CATALOGUES[language];
  if (state === 'failed' || origin === null) return words.draftFailed[failure ?? 'drafter_failed'][0];
  const trouble = origin.trouble === null ? '' : ` ${words.draftTrouble[origin.trouble]}`;
  switch (origin.kind) {
    case 'llm':
      return `${words.draftByModel(origin.model)[1]}${trouble}`;
    case 'embedded':
      return `${words.draftWithoutModel}${trouble}`;
    case 'scripted':
      return words.draftByScript.join(' ');
  }
};
