// What is known of a call besides its draft and the person's text, and how it grows. Pure.

import { draftTexts, hungUp } from '../questions';
import type { Asked, Kept, Section, Shown } from '../state';
import type { Agent, CallDetail, CallSummary, Stretch, Utterance } from '../wire';
import { APART, untouched } from './draft';
import { NO_HISTORY } from './history';

const NO_PARTIALS = { near: null, far: null };

export const loaded = (detail: CallDetail, kept: Kept | null, at: number): Shown => {
  const {
    sections,
    utterances,
    gaps,
    notTranscribed,
    suppressedCount,
    draft,
    edit,
    note,
    agent,
    language,
    ...summary
  } = detail;
  const bare: Shown = {
    kind: 'shown',
    summary,
    contact: 'fine',
    agent: hungUp(summary) ? null : agent,
    agentSince: agent === null ? null : at - agent.sinceMs,
    agentHeard: at,
    asked: 'nothing',
    hungUpAt: null,
    utterances: [...utterances].sort(byStart),
    gaps,
    notTranscribed,
    suppressed: suppressedCount,
    partials: NO_PARTIALS,
    draft,
    sections: sections.map(({ id, heading }) => untouched(id, heading)),
    history: NO_HISTORY,
    edit: { revision: edit?.revision ?? 0, phase: 'quiet', storedAt: null },
    note,
    mode: note === null ? 'writing' : 'reading',
    saving: { kind: 'no' },
    noteDraft: draft?.number ?? 0,
    late: 0,
    shown: null,
    evidence: null,
    confirmed: [],
    dismissed: [],
    transcript: 'by_itself',
    now: at,
  };
  const drafted = bare.sections.map((section) => {
    const stored = edit?.sections[section.id];
    const text = stored ?? note?.sections[section.id] ?? draftTexts(bare, section.id).join(APART);
    const sure = stored !== undefined;
    // Of another draft than the one the person wrote beside, nothing has been seen yet.
    const seen = note !== null || edit?.draft === draft?.number ? draftTexts(bare, section.id) : [];
    return withKept({ ...section, text, touched: sure, stored: stored ?? null, seen }, kept);
  });
  // A note whose later correction was not saved opens where the person left it.
  const unsaved = note !== null && drafted.some((section) => section.text !== (note.sections[section.id] ?? ''));
  return { ...bare, sections: drafted, mode: note === null || unsaved ? 'writing' : 'reading' };
};

const withKept = (section: Section, kept: Kept | null): Section => {
  const mine = kept?.sections[section.id];
  if (mine === undefined || mine.text === section.text) return section;
  const theirs = section.stored;
  const both = theirs !== null && theirs !== mine.stored;
  return { ...section, text: mine.text, touched: true, elsewhere: both ? { text: theirs, as: 'edit' } : null };
};

export const summarised = (state: Shown, summary: CallSummary): Shown => {
  const over = hungUp(summary);
  const known: Shown = {
    ...state,
    summary: { ...summary, sequence: Math.max(summary.sequence, state.summary.sequence) },
    partials: over ? NO_PARTIALS : state.partials,
    agent: over ? null : state.agent,
    asked: over && (state.asked === 'pause' || state.asked === 'resume') ? 'nothing' : state.asked,
    hungUpAt: over && !hungUp(state.summary) ? state.now : state.hungUpAt,
  };
  return summary.state === 'discarded' ? erased(known) : known;
};

/** A discarded call is erased here too; a saved note stays, as it does on the server. */
const erased = (state: Shown): Shown => ({
  ...state,
  asked: 'nothing',
  utterances: [],
  gaps: [],
  notTranscribed: [],
  suppressed: 0,
  draft: null,
  late: 0,
  evidence: null,
  confirmed: [],
  dismissed: [],
  history: NO_HISTORY,
  saving: { kind: 'no' },
  mode: state.note === null ? 'writing' : 'reading',
  sections: state.sections.map(({ id, heading }) => ({
    ...untouched(id, heading),
    text: state.note?.sections[id] ?? '',
  })),
});

const byStart = (a: Utterance, b: Utterance): number => a.start - b.start || (a.track < b.track ? -1 : 1);

export const heard = (state: Shown, utterance: Utterance): Shown => {
  const known = state.utterances.some((one) => one.track === utterance.track && one.start === utterance.start);
  const partial = state.partials[utterance.track];
  return {
    ...state,
    utterances: known ? state.utterances : [...state.utterances, utterance].sort(byStart),
    partials:
      partial !== null && partial.startMs < utterance.endMs
        ? { ...state.partials, [utterance.track]: null }
        : state.partials,
  };
};

/** A pause is done when the agent says that it is paused; so is its end. */
export const stillAsked = ({ asked }: Shown, agent: Agent): Asked => {
  const isDone = (asked === 'pause' && agent.state === 'paused') || (asked === 'resume' && agent.state !== 'paused');
  return isDone ? 'nothing' : asked;
};

/** The same state goes on since when it was first heard of: a number that trembled would be a lie about precision. */
export const since = (state: Shown, agent: Agent): number =>
  state.agent?.state === agent.state && state.agentSince !== null ? state.agentSince : state.now - agent.sinceMs;

export const withStretch = <R>(all: readonly Stretch<R>[], one: Stretch<R>): readonly Stretch<R>[] =>
  all.some((known) => known.track === one.track && known.startMs === one.startMs) ? all : [...all, one];
