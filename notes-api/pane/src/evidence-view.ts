// What stands below a section while somebody looks at a sentence: what is doubted about it and why, what it rests on, and
// whether it is to be confirmed.
//
// In: a sentence of the draft, and what is known of the call. Out: elements, and what the person does. The utterances that a
// doubt points to stand among the sentence's own, in the order of the call. Not done here: finding the sentence (evidence.ts).

import { CATALOGUES, type Catalogue, doubtOf } from './catalogue';
import { isConfirmed, isWhole, uncertainOf, utterancesOf } from './checks';
import { button, type Child, el } from './dom';
import { quote } from './quote';
import type { Shown } from './state';
import type { Stage } from './view';
import type { Flag, Sentence, Utterance } from './wire';

/** What is shown of one sentence; drawn anew when it changes. */
export interface Looked {
  readonly sentence: Sentence;
  /** The doubts that stand. */
  readonly flags: readonly Flag[];
  readonly utterances: readonly Utterance[];
  /** Of each utterance the words that were perhaps misheard. */
  readonly uncertain: readonly (readonly number[])[];
  readonly isConfirmed: boolean;
}

export const looked = (state: Shown, sentence: Sentence, flags: readonly Flag[]): Looked => {
  const named = [...sentence.evidence, ...flags.flatMap(({ evidence }) => evidence)];
  const utterances = utterancesOf(state, named);
  return {
    sentence,
    flags,
    utterances,
    uncertain: utterances.map((utterance) => uncertainOf(state.draft, utterance)),
    isConfirmed: isConfirmed(state, sentence),
  };
};

export const evidence = ({ language, act }: Stage, { sentence, ...known }: Looked, close: () => void): Child => {
  const words = CATALOGUES[language];
  const { confirm } = sentence;
  const { flags } = known;
  const unfounded = flags.some(({ reason }) => reason === 'no_evidence');
  // Where the call says just what the sentence says, those words are what to look for.
  const matter = flags.map((flag) =>
    flag.reason === 'said_elsewhere' ? sentence.text.slice(flag.start, flag.end) : flag.said,
  );
  const isCited = ({ track, start }: Utterance): boolean =>
    sentence.evidence.some((one) => one.track === track && one.start === start);
  return el(
    'div',
    { class: 'evidence', role: 'group', 'aria-label': words.evidence },
    ...flags.map((flag) => doubt(flag, sentence, known.utterances, words)),
    confirm !== null && !known.isConfirmed && el('p', {}, words.confirmWhy[confirm]),
    !sentence.evidence.some((one) => utterancesOf(known, [one]).length > 0) &&
      !unfounded &&
      el('p', {}, words.noEvidence),
    ...known.utterances.map((utterance, at) =>
      quote(utterance, known.uncertain[at] ?? [], language, {
        matter,
        beside: isCited(utterance) ? '' : ` · ${words.notCited}`,
      }),
    ),
    confirm !== null &&
      button(words.isRight, () => act({ kind: 'confirmed', text: sentence.text, right: !known.isConfirmed }), {
        class: 'confirm',
        'data-focus': 'confirm',
        'aria-pressed': known.isConfirmed ? 'true' : 'false',
      }),
    button(words.close, close, { class: 'plain', 'data-focus': 'close' }),
  );
};

/** A whole sentence on what is doubted, and what the call says, unless just that is quoted below. */
const doubt = (flag: Flag, sentence: Sentence, below: readonly Utterance[], words: Catalogue): Child => {
  const isQuoted = flag.said === '' || below.some(({ text }) => text === flag.said);
  return el(
    'p',
    { class: 'doubts' },
    doubtAbout(flag, sentence, words),
    !isQuoted && el('span', {}, ` ${words.callSays(flag.said)}`),
  );
};

export const doubtAbout = (flag: Flag, sentence: Sentence, words: Catalogue): string =>
  doubtOf(
    flag,
    isWhole(flag, sentence) ? words.theSentence : words.quoted(sentence.text.slice(flag.start, flag.end)),
    words,
  );
