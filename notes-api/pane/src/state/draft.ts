// The machine's draft, as it comes: sentence by sentence, again, late, or not at all. Pure.
//
// It fills sections that no person has touched, and no others.

import { draftTexts, isFree } from '../questions';
import type { Section, Shown } from '../state';
import type { Draft, Failure, Heading, Sentence, Status } from '../wire';

/** Each sentence stands on a line of its own: read faster, and its evidence in the margin stands beside it. */
export const APART = '\n';

const older = (draft: Draft, number: number, attempt: number): boolean =>
  draft.number < number || (draft.number === number && draft.attempt < attempt);

export const draftStarted = (
  state: Shown,
  number: number,
  attempt: number,
  provisional: boolean,
  sections: readonly Heading[] | null = null,
): Shown => {
  if (state.draft !== null && !older(state.draft, number, attempt)) return state;
  // The text of the last draft stays until the new one has words: nothing blinks.
  const draft: Draft = {
    number,
    attempt,
    state: 'streaming',
    failure: null,
    provisional,
    origin: null,
    sentences: [],
    firstSentenceMs: null,
    wholeMs: null,
    missing: [],
    uncertain: [],
  };
  return withStatus({ ...state, sections: under(state, sections), draft, late: 0, evidence: null }, 'drafting');
};

export const untouched = (id: string, heading: string): Section => ({
  id,
  heading,
  text: '',
  touched: false,
  stored: null,
  sent: [],
  seen: [],
  decided: [],
  elsewhere: null,
});

/** The sections of the draft's area, and behind them every other in which a person has written. */
const under = (state: Shown, sections: readonly Heading[] | null): readonly Section[] => {
  if (sections === null) return state.sections;
  const known = new Map(state.sections.map((section) => [section.id, section]));
  const own = sections.map(({ id, heading }) => ({ ...(known.get(id) ?? untouched(id, heading)), heading }));
  const isOther = ({ id }: Section): boolean => sections.every((section) => section.id !== id);
  const isWritten = ({ id, touched }: Section): boolean => touched || (state.note?.sections[id] ?? '') !== '';
  return [...own, ...state.sections.filter((section) => isOther(section) && isWritten(section))];
};

export const draftSentence = (state: Shown, number: number, attempt: number, sentence: Sentence): Shown => {
  const started = draftStarted(state, number, attempt, state.draft?.provisional ?? false);
  const { draft } = started;
  if (draft === null || draft.number !== number || draft.attempt !== attempt) return state;
  if (draft.sentences.some((one) => one.index === sentence.index)) return state;
  const sentences = [...draft.sentences, sentence].sort((a, b) => a.index - b.index);
  return filled({ ...started, draft: { ...draft, sentences } }, (section) => section.id === sentence.section);
};

export const draftFinished = (state: Shown, finished: Draft): Shown => {
  const mine = state.draft;
  const same = mine !== null && mine.number === finished.number && mine.attempt === finished.attempt;
  if (mine !== null && (older(finished, mine.number, mine.attempt) || (same && mine.state === 'ready'))) return state;
  const sentences = same && finished.sentences.length === 0 ? mine.sentences : finished.sentences;
  const draft: Draft = { ...finished, sentences };
  const status = draft.state === 'failed' ? 'draft_failed' : 'draft_ready';
  return withStatus(
    filled({ ...state, draft }, () => draft.state === 'ready'),
    status,
  );
};

export const draftFailed = (state: Shown, number: number, failure: Failure): Shown => {
  if (state.draft !== null && state.draft.number > number) return state;
  const { draft } = state.draft?.number === number ? state : draftStarted(state, number, 1, false);
  return draft === null
    ? state
    : withStatus({ ...state, draft: { ...draft, state: 'failed', failure } }, 'draft_failed');
};

/** Puts the draft's words into the sections that `which` names and that no person has touched. */
const filled = (state: Shown, which: (section: Section) => boolean): Shown => ({
  ...state,
  sections: state.sections.map((section) =>
    which(section) && isFree(state, section)
      ? { ...section, text: draftTexts(state, section.id).join(APART) }
      : section,
  ),
});

const withStatus = (state: Shown, status: Status): Shown =>
  state.note !== null || state.summary.status === 'discarded'
    ? state
    : { ...state, summary: { ...state.summary, status } };
