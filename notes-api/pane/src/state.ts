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
//   P5  What a person did to the texts can be undone.
// The steps stand in state/: of the call, of the draft, of the texts, and what was done by hand.
// Not done here: what is sent when (note-pane.ts), words for people (catalogue.ts).

import { draftTexts, hungUp } from './questions';
import { heard, loaded, since, stillAsked, summarised, withStretch } from './state/call';
import { draftFailed, draftFinished, draftSentence, draftStarted } from './state/draft';
import { type History, noted, redo, undo } from './state/history';
import {
  afterTyping,
  answerElsewhere,
  answerOffer,
  dismissed,
  editElsewhere,
  inSection,
  insertMissing,
  noteElsewhere,
  noteStored,
  restoreDraft,
  sameTexts,
  sent,
  takeTexts,
  withEdit,
} from './state/texts';
import type {
  Agent,
  CallDetail,
  CallEvent,
  CallSummary,
  Draft,
  Edit,
  GapReason,
  Missing,
  Note,
  NotTranscribedReason,
  Partial,
  Stretch,
  Texts,
  Track,
  Utterance,
} from './wire';

/** Why the server's answer did not come. */
export type Problem = 'unreachable' | 'unauthorised' | 'not_allowed' | 'unknown_call' | 'server';

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
  /** What the person did to the texts. */
  readonly history: History;
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
  /** Texts of the draft's sentences that the person confirmed. */
  readonly confirmed: readonly string[];
  /** What may be missing and was put in or turned down, by `nameOf`. */
  readonly dismissed: readonly string[];
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
  /** Texts that were sent and whose arrival nobody told: met again, they are this person's own. */
  readonly sent: readonly string[];
  /** Draft sentences that the person has had before their eyes and has dealt with. */
  readonly seen: readonly string[];
  /** Texts of other windows that the person has chosen about: they are not asked twice. */
  readonly decided: readonly string[];
  /** What another window stored here, until the person has chosen. */
  readonly elsewhere: { readonly text: string; readonly as: 'edit' | 'note' } | null;
}

/** Typed text that the open page carries on, through a new login or the look at another call, until the server has it. */
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
  | { readonly kind: 'typed'; readonly section: string; readonly text: string; readonly at: number }
  | { readonly kind: 'undone' }
  | { readonly kind: 'redone' }
  /** Null: every section. */
  | { readonly kind: 'draft_restored'; readonly section: string | null }
  | { readonly kind: 'text_taken'; readonly sections: Texts }
  | { readonly kind: 'offer_answered'; readonly section: string; readonly choice: Choice }
  | { readonly kind: 'elsewhere_answered'; readonly section: string; readonly choice: Choice }
  | { readonly kind: 'edit_sent'; readonly sections: Texts }
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
  | { readonly kind: 'confirmed'; readonly text: string; readonly right: boolean }
  | { readonly kind: 'missing_inserted'; readonly missing: Missing; readonly section: string }
  | { readonly kind: 'missing_dismissed'; readonly missing: Missing }
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
      return state.kind === 'shown' ? noted(state, inCall(state, event), event) : state;
  }
};

type InCall = Exclude<Event, { readonly kind: 'chosen' | 'loaded' | 'load_failed' }>;

const inCall = (state: Shown, event: InCall): Shown => {
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
      return draftStarted(state, event.number, event.attempt, event.provisional, event.sections);
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
    case 'missing_inserted':
      return insertMissing(state, event.missing, event.section);
    case 'undone':
      return undo({ ...state, saving: afterTyping(state.saving) });
    case 'redone':
      return redo({ ...state, saving: afterTyping(state.saving) });
    case 'draft_restored':
      return restoreDraft(state, event.section);
    case 'text_taken':
      return takeTexts(state, event.sections);
    case 'edit_sent':
      return sent(withEdit(state, { phase: 'sending' }), event.sections);
    case 'edit_stored':
      return {
        ...withEdit(state, { phase: 'quiet', revision: event.revision, storedAt: event.at }),
        sections: state.sections.map((section) => ({
          ...section,
          stored: event.sections[section.id] ?? section.stored,
          sent: [],
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

    // What the person looked at.
    case 'confirmed': {
      const others = state.confirmed.filter((text) => text !== event.text);
      return { ...state, confirmed: event.right ? [...others, event.text] : others };
    }
    case 'missing_dismissed':
      return dismissed(state, event.missing);

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
