// What the pane knows of one call, and how each event changes it.
//
// In: a `State` and an `Event` (from the server, from the person, from the clock). Out: the next `State`.
// Pure: no clock, no document, no network; the time comes inside events.
//
// Promised:
//   P1  What a person typed is never overwritten: by a draft, by another window, by a late answer.
//   P2  An untouched section shows the newest draft; a touched one offers it.
//   P3  When another window stored something else, both texts are kept until the person has chosen.
//   P4  A repeated event changes nothing.
// Not done here: what is sent when (note-pane.ts), words for people (catalogue.ts).

import { draftTexts, hungUp, isFree, offer } from './questions';
import type {
  Agent,
  CallDetail,
  CallEvent,
  CallSummary,
  Draft,
  Edit,
  Failure,
  GapReason,
  Note,
  NotTranscribedReason,
  Partial,
  Sentence,
  Status,
  Stretch,
  Texts,
  Track,
  Utterance,
} from './wire';

/** Each sentence stands on a line of its own: read faster, and its evidence in the margin stands beside it. */
const APART = '\n';

/** Why the server's answer did not come. */
export type Problem = 'unreachable' | 'unauthorised' | 'unknown_call' | 'server';

export type State =
  | { readonly kind: 'empty' }
  | { readonly kind: 'loading'; readonly call: string }
  | { readonly kind: 'unavailable'; readonly call: string; readonly problem: Problem }
  | Shown;

export interface Shown {
  readonly kind: 'shown';
  readonly summary: CallSummary;
  /** Whether this page hears the server. */
  readonly contact: 'fine' | 'lost' | 'unauthorised';
  readonly agent: Agent | null;
  /** Since when the agent says what it says, on this page's clock. */
  readonly agentSince: number | null;
  /** When the agent was last heard of, on this page's clock; at first when the page was loaded. */
  readonly agentHeard: number;
  /** What the person asked of the caseworker's PC, until it is done. */
  readonly asked: Asked;
  /** When the hang-up was seen here, on this page's clock; null when this page came later. */
  readonly hungUpAt: number | null;
  /** In order of start. */
  readonly utterances: readonly Utterance[];
  readonly gaps: readonly Stretch<GapReason>[];
  readonly notTranscribed: readonly Stretch<NotTranscribedReason>[];
  readonly suppressed: number;
  readonly partials: Readonly<Record<Track, Partial | null>>;
  readonly draft: Draft | null;
  readonly sections: readonly Section[];
  readonly edit: { readonly revision: number; readonly phase: EditPhase; readonly storedAt: number | null };
  readonly note: Note | null;
  /** Reading needs a note; writing shows the text fields. */
  readonly mode: 'reading' | 'writing';
  readonly saving: Saving;
  /** Draft number that the note was made beside. */
  readonly noteDraft: number;
  /** Utterances that came after a person had begun to type, and that the draft does not know. */
  readonly late: number;
  /** When the draft was first seen here, on this page's clock. */
  readonly shown: { readonly number: number; readonly at: number } | null;
  readonly evidence: { readonly section: string; readonly index: number } | null;
  readonly transcript: 'by_itself' | 'open' | 'closed';
  readonly now: number;
}

/**
 * Pause and resume wait for the agent's state to say so. An objection is asked about once more, because what it erases does
 * not come back.
 */
export type Asked = 'nothing' | 'pause' | 'resume' | 'objection' | 'discard' | 'discard_failed';

export type EditPhase = 'quiet' | 'sending' | 'failed';

export type Saving =
  | { readonly kind: 'no' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'failed'; readonly problem: Problem }
  /** Saving waits until the person has chosen between two texts. */
  | { readonly kind: 'choose_first' };

export interface Section {
  readonly id: string;
  readonly heading: string;
  /** What stands in the text field. */
  readonly text: string;
  /** A person has typed here; from then on only a person changes `text`. */
  readonly touched: boolean;
  /** The person's text that the server has. */
  readonly stored: string | null;
  /** Draft sentences that the person has had before their eyes and has dealt with. */
  readonly seen: readonly string[];
  /** Texts of other windows that the person has chosen about: they are not asked twice. */
  readonly decided: readonly string[];
  /** What another window stored here, until the person has chosen. */
  readonly elsewhere: { readonly text: string; readonly as: 'edit' | 'note' } | null;
}

/** Typed text that the browser keeps until the server has it. */
export interface Kept {
  readonly sections: Readonly<Record<string, { readonly text: string; readonly stored: string | null }>>;
}

export type Choice = 'keep' | 'insert' | 'replace';

export type Event =
  | CallEvent
  | { readonly kind: 'chosen'; readonly call: string | null }
  | { readonly kind: 'loaded'; readonly detail: CallDetail; readonly kept: Kept | null; readonly at: number }
  | { readonly kind: 'load_failed'; readonly problem: Problem }
  | { readonly kind: 'passed'; readonly sequence: number }
  | { readonly kind: 'contact'; readonly contact: Shown['contact'] }
  | { readonly kind: 'tick'; readonly at: number }
  | { readonly kind: 'typed'; readonly section: string; readonly text: string }
  | { readonly kind: 'offer_answered'; readonly section: string; readonly choice: Choice }
  | { readonly kind: 'elsewhere_answered'; readonly section: string; readonly choice: Choice }
  | { readonly kind: 'edit_sent' }
  | { readonly kind: 'edit_stored'; readonly revision: number; readonly sections: Texts; readonly at: number }
  | { readonly kind: 'edit_elsewhere'; readonly edit: Edit }
  | { readonly kind: 'edit_failed' }
  | { readonly kind: 'note_sent' }
  | { readonly kind: 'note_stored'; readonly note: Note }
  | { readonly kind: 'note_elsewhere'; readonly note: Note }
  | { readonly kind: 'note_failed'; readonly problem: Problem }
  | { readonly kind: 'note_waits' }
  | { readonly kind: 'pause_asked'; readonly pause: boolean }
  | { readonly kind: 'pause_failed' }
  | { readonly kind: 'objection_asked' }
  | { readonly kind: 'objection_withdrawn' }
  | { readonly kind: 'discard_sent' }
  | { readonly kind: 'discard_failed' }
  | { readonly kind: 'amend_began' }
  | { readonly kind: 'draft_shown'; readonly number: number; readonly at: number }
  | { readonly kind: 'evidence_asked'; readonly section: string; readonly index: number }
  | { readonly kind: 'evidence_closed' }
  | { readonly kind: 'transcript_turned'; readonly open: boolean };

export const EMPTY: State = { kind: 'empty' };

export const next = (state: State, event: Event): State => {
  switch (event.kind) {
    case 'chosen':
      return event.call === null ? EMPTY : { kind: 'loading', call: event.call };
    case 'loaded':
      return loaded(event.detail, event.kept, event.at);
    case 'load_failed':
      return state.kind === 'loading' || state.kind === 'unavailable'
        ? { kind: 'unavailable', call: state.call, problem: event.problem }
        : state;
    default:
      return state.kind === 'shown' ? inCall(state, event) : state;
  }
};

type InCall = Exclude<Event, { readonly kind: 'chosen' | 'loaded' | 'load_failed' }>;

const inCall = (state: Shown, event: InCall): State => {
  switch (event.kind) {
    // What was said.
    case 'utterance':
      return heard(state, event.utterance);
    case 'gap':
      return { ...state, gaps: withStretch(state.gaps, event.gap) };
    case 'not_transcribed':
      return { ...state, notTranscribed: withStretch(state.notTranscribed, event.stretch) };
    case 'suppressed':
      return { ...state, suppressed: state.suppressed + 1 };
    case 'partial':
      return { ...state, partials: { ...state.partials, [event.partial.track]: event.partial } };

    // Where the call stands.
    case 'state':
      return summarised(state, event.summary);
    case 'agent':
      return hungUp(state.summary)
        ? state
        : {
            ...state,
            agent: event.agent,
            agentSince: since(state, event.agent),
            agentHeard: state.now,
            asked: stillAsked(state, event.agent),
          };
    case 'pause_asked':
      return { ...state, asked: event.pause ? 'pause' : 'resume' };
    case 'pause_failed':
      return { ...state, asked: 'nothing' };
    case 'objection_asked':
      return { ...state, asked: 'objection' };
    case 'objection_withdrawn':
      return { ...state, asked: 'nothing' };
    case 'discard_sent':
      return { ...state, asked: 'discard' };
    case 'discard_failed':
      return { ...state, asked: 'discard_failed' };
    case 'passed':
      return { ...state, summary: { ...state.summary, sequence: Math.max(event.sequence, state.summary.sequence) } };
    case 'contact':
      return state.contact === event.contact ? state : { ...state, contact: event.contact };
    case 'tick':
      return { ...state, now: event.at };

    // The machine's draft.
    case 'draft_started':
      return draftStarted(state, event.number, event.attempt, event.provisional);
    case 'draft_sentence':
      return draftSentence(state, event.number, event.attempt, event.sentence);
    case 'draft_finished':
      return draftFinished(state, event.draft);
    case 'draft_failed':
      return draftFailed(state, event.number, event.failure);
    case 'draft_shown':
      return { ...state, shown: { number: event.number, at: event.at } };
    case 'late':
      return { ...state, late: event.utterances };
    case 'offer_answered':
      return inSection(state, event.section, (section) => answerOffer(state, section, event.choice));

    // The person's text.
    case 'typed':
      return inSection({ ...state, saving: afterTyping(state.saving) }, event.section, (section) => ({
        ...section,
        text: event.text,
        touched: true,
        seen: section.touched ? section.seen : draftTexts(state, section.id),
      }));
    case 'edit_sent':
      return withEdit(state, { phase: 'sending' });
    case 'edit_stored':
      return {
        ...withEdit(state, { phase: 'quiet', revision: event.revision, storedAt: event.at }),
        sections: state.sections.map((section) => ({
          ...section,
          stored: event.sections[section.id] ?? section.stored,
        })),
      };
    case 'edit_failed':
      return withEdit(state, { phase: 'failed' });
    case 'edit_saved':
      return state; // Only says that a revision exists; note-pane.ts asks for it when it is not its own.
    case 'edit_elsewhere':
      return editElsewhere(state, event.edit);
    case 'elsewhere_answered':
      return inSection({ ...state, saving: { kind: 'no' } }, event.section, (section) =>
        answerElsewhere(section, event.choice),
      );

    // The note.
    case 'note_sent':
      return { ...state, saving: { kind: 'sending' } };
    case 'note_stored':
      return noteStored(state, event.note);
    case 'note_saved':
      if (state.note !== null && event.note.version <= state.note.version) return state;
      return sameTexts(state, event.note.sections) ? noteStored(state, event.note) : noteElsewhere(state, event.note);
    case 'note_elsewhere':
      return noteElsewhere(state, event.note);
    case 'note_failed':
      return { ...state, saving: { kind: 'failed', problem: event.problem } };
    case 'note_waits':
      return { ...state, saving: { kind: 'choose_first' } };
    case 'amend_began':
      return { ...state, mode: 'writing', saving: { kind: 'no' }, evidence: null };

    // What is open on the screen.
    case 'evidence_asked':
      return {
        ...state,
        evidence:
          state.evidence?.section === event.section && state.evidence.index === event.index
            ? null
            : { section: event.section, index: event.index },
      };
    case 'evidence_closed':
      return { ...state, evidence: null };
    case 'transcript_turned':
      return { ...state, transcript: event.open ? 'open' : 'closed' };
  }
};

// ---- one step of the story each ------------------------------------------------------------------------------------

const NO_PARTIALS = { near: null, far: null };

const loaded = (detail: CallDetail, kept: Kept | null, at: number): Shown => {
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
    edit: { revision: edit?.revision ?? 0, phase: 'quiet', storedAt: null },
    note,
    mode: note === null ? 'writing' : 'reading',
    saving: { kind: 'no' },
    noteDraft: draft?.number ?? 0,
    late: 0,
    shown: null,
    evidence: null,
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

const summarised = (state: Shown, summary: CallSummary): Shown => {
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
  saving: { kind: 'no' },
  mode: state.note === null ? 'writing' : 'reading',
  sections: state.sections.map(({ id, heading }) => ({
    ...untouched(id, heading),
    text: state.note?.sections[id] ?? '',
  })),
});

const untouched = (id: string, heading: string): Section => ({
  id,
  heading,
  text: '',
  touched: false,
  stored: null,
  seen: [],
  decided: [],
  elsewhere: null,
});

const byStart = (a: Utterance, b: Utterance): number => a.start - b.start || (a.track < b.track ? -1 : 1);

const heard = (state: Shown, utterance: Utterance): Shown => {
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

/** The same state goes on since when it was first heard of: a number that trembled would be a lie about precision. */
/** A pause is done when the agent says that it is paused; so is its end. */
const stillAsked = ({ asked }: Shown, agent: Agent): Asked => {
  const isDone = (asked === 'pause' && agent.state === 'paused') || (asked === 'resume' && agent.state !== 'paused');
  return isDone ? 'nothing' : asked;
};

const since = (state: Shown, agent: Agent): number =>
  state.agent?.state === agent.state && state.agentSince !== null ? state.agentSince : state.now - agent.sinceMs;

const withStretch = <R>(all: readonly Stretch<R>[], one: Stretch<R>): readonly Stretch<R>[] =>
  all.some((known) => known.track === one.track && known.startMs === one.startMs) ? all : [...all, one];

const inSection = (state: Shown, id: string, change: (section: Section) => Section): Shown => ({
  ...state,
  sections: state.sections.map((section) => (section.id === id ? change(section) : section)),
});

const withStatus = (state: Shown, status: Status): Shown =>
  state.note !== null || state.summary.status === 'discarded'
    ? state
    : { ...state, summary: { ...state.summary, status } };

const withEdit = (state: Shown, change: { [K in keyof Shown['edit']]?: Shown['edit'][K] }): Shown => ({
  ...state,
  edit: { ...state.edit, ...change },
});

const older = (draft: Draft, number: number, attempt: number): boolean =>
  draft.number < number || (draft.number === number && draft.attempt < attempt);

const draftStarted = (state: Shown, number: number, attempt: number, provisional: boolean): Shown => {
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
  };
  return withStatus({ ...state, draft, late: 0, evidence: null }, 'drafting');
};

const draftSentence = (state: Shown, number: number, attempt: number, sentence: Sentence): Shown => {
  const started = draftStarted(state, number, attempt, state.draft?.provisional ?? false);
  const { draft } = started;
  if (draft === null || draft.number !== number || draft.attempt !== attempt) return state;
  if (draft.sentences.some((one) => one.index === sentence.index)) return state;
  const sentences = [...draft.sentences, sentence].sort((a, b) => a.index - b.index);
  return filled({ ...started, draft: { ...draft, sentences } }, (section) => section.id === sentence.section);
};

const draftFinished = (state: Shown, finished: Draft): Shown => {
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

const draftFailed = (state: Shown, number: number, failure: Failure): Shown => {
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

const answerOffer = (state: Shown, section: Section, choice: Choice): Section => {
  const all = draftTexts(state, section.id);
  const texts = { keep: section.text, insert: joined(section.text, offer(state, section)), replace: all.join(APART) };
  return { ...section, text: texts[choice], touched: true, seen: [...section.seen, ...all] };
};

const joined = (text: string, more: readonly string[]): string =>
  [text.trimEnd(), more.join(APART)].filter((part) => part !== '').join('\n');

const answerElsewhere = (section: Section, choice: Choice): Section => {
  if (section.elsewhere === null) return section;
  const theirs = section.elsewhere.text;
  const texts = { keep: section.text, insert: joined(section.text, [theirs]), replace: theirs };
  return { ...section, text: texts[choice], touched: true, decided: [...section.decided, theirs], elsewhere: null };
};

const afterTyping = (saving: Saving): Saving => (saving.kind === 'sending' ? saving : { kind: 'no' });

/** Three texts meet: mine, theirs, and what the server had from me before. */
const merged = (section: Section, theirs: string, before: string | null, as: 'edit' | 'note'): Section => {
  if (theirs === section.text) return { ...section, elsewhere: null };
  if (theirs === before || section.decided.includes(theirs)) return section;
  if (!section.touched || section.text === before) return { ...section, text: theirs, touched: true };
  return { ...section, elsewhere: { text: theirs, as } };
};

const editElsewhere = (state: Shown, edit: Edit): Shown => {
  if (edit.revision < state.edit.revision) return state;
  return {
    ...withEdit(state, { phase: 'quiet', revision: edit.revision }),
    saving: state.saving.kind === 'sending' ? { kind: 'no' } : state.saving,
    sections: state.sections.map((section) => {
      const theirs = edit.sections[section.id];
      if (theirs === undefined) return section;
      const seen = section.touched ? section.seen : draftTexts(state, section.id);
      return { ...merged({ ...section, seen }, theirs, section.stored, 'edit'), stored: theirs };
    }),
  };
};

const sameTexts = (state: Shown, texts: Texts): boolean =>
  state.sections.every((section) => (texts[section.id] ?? '') === section.text);

const withNote = (state: Shown, note: Note): Shown => ({
  ...state,
  note,
  noteDraft: state.draft?.number ?? 0,
  summary: { ...state.summary, status: 'saved' },
});

const noteStored = (state: Shown, note: Note): Shown => ({
  ...withNote(state, note),
  saving: { kind: 'no' },
  evidence: null,
  // Who typed on while the note was on its way goes on typing.
  mode: sameTexts(state, note.sections) ? 'reading' : 'writing',
  sections: state.sections.map((section) => ({
    ...section,
    seen: [...section.seen, ...draftTexts(state, section.id)],
  })),
});

const noteElsewhere = (state: Shown, note: Note): Shown => {
  const sections = state.sections.map((section) => {
    const before = state.note === null ? section.stored : (state.note.sections[section.id] ?? '');
    return merged(section, note.sections[section.id] ?? '', before, 'note');
  });
  const merging: Shown = { ...withNote(state, note), sections, saving: { kind: 'no' } };
  return { ...merging, mode: sameTexts(merging, note.sections) ? 'reading' : 'writing' };
};
