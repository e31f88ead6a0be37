// Questions about a state: what is true now, what has to be stored, what may be offered.
//
// In: a `State`. Out: an answer for the screen, or for what is sent. Pure. Not done here: nothing changes (state.ts).

import type { Kept, Section, Shown, State } from './state';
import type { AgentStateKind, CallSummary, Sentence, Status, Texts } from './wire';

/** The agent speaks every two seconds; the PC of one that has not for so long is out of contact. Milliseconds. */
const SILENT_MS = 4_500;

/** What stands first on the screen: what is true now, in one word of a closed list. */
export type Headline =
  | Status
  | 'offline'
  | 'unauthorised'
  | 'transcribing'
  | 'amending'
  | Exclude<AgentStateKind, 'idle' | 'listening'>;

export const headline = (state: Shown): Headline => {
  const { status } = state.summary;
  if (status === 'discarded') return 'discarded';
  if (status === 'saved' && state.mode === 'reading') return 'saved';
  if (state.contact !== 'fine') return state.contact === 'lost' ? 'offline' : 'unauthorised';
  if (status === 'saved') return 'amending';
  if (status !== 'listening') return status;
  if (hungUp(state.summary)) return 'transcribing';
  if (state.now - state.agentHeard > SILENT_MS) return 'no_contact';
  if (state.agent === null) return 'starting';
  return state.agent.state === 'idle' ? 'transcribing' : state.agent.state;
};

export const hungUp = (call: CallSummary): boolean => call.state !== 'live' && call.state !== 'out_of_contact';

/** While there is a PC that records, or that was told not to. */
export const canPause = ({ summary, agent }: Shown): boolean =>
  !hungUp(summary) &&
  agent !== null &&
  agent.state !== 'idle' &&
  agent.state !== 'awaiting_consent' &&
  agent.state !== 'not_allowed';

/** Text fields are there as soon as there is something to write about. */
export const hasFields = (state: Shown): boolean =>
  state.summary.state !== 'discarded' &&
  state.mode === 'writing' &&
  (hungUp(state.summary) || (state.draft !== null && state.draft.sentences.length > 0) || touched(state));

export const touched = (state: Shown): boolean => state.sections.some((section) => section.touched);

/** What the person typed that the server does not have: the sections of the next edit, or null when it has all. */
export const editToStore = (state: Shown): Texts | null => {
  const mine = state.sections.filter((section) => section.touched);
  const dirty = mine.some((section) => toStore(section) !== section.stored);
  return dirty ? Object.fromEntries(mine.map((section) => [section.id, toStore(section)])) : null;
};

/** What the open page carries on to its next look at this call: typed text that the server does not have. */
export const toKeep = (state: Shown): Kept | null => {
  const open = state.sections.filter((section) => section.touched && section.text !== section.stored);
  return open.length === 0
    ? null
    : {
        sections: Object.fromEntries(
          // An undecided section forgets what it came from, so that both texts are there then too.
          open.map(({ id, text, stored, elsewhere }) => [id, { text, stored: elsewhere === null ? stored : null }]),
        ),
      };
};

/** All sections as they stand: what a note is made of. */
export const noteTexts = (state: Shown): Texts =>
  Object.fromEntries(state.sections.map((section) => [section.id, section.text]));

export const undecided = (state: Shown): readonly Section[] =>
  state.sections.filter((section) => section.elsewhere !== null);

export const canSave = (state: Shown): boolean =>
  hungUp(state.summary) &&
  state.summary.state !== 'discarded' &&
  state.mode === 'writing' &&
  state.saving.kind !== 'sending' &&
  state.sections.some((section) => section.text.trim() !== '');

/** Newer words of the draft that a touched section does not have; empty when there is nothing to offer. */
export const offer = (state: Shown, section: Section): readonly string[] => {
  if (isFree(state, section) || state.draft === null || state.draft.state !== 'ready') return [];
  return draftTexts(state, section.id).filter((text) => !section.seen.includes(text) && !section.text.includes(text));
};

/** Draft sentences that came after the note was saved. */
export const lateDraft = (state: Shown): boolean =>
  state.note !== null && state.draft?.state === 'ready' && state.draft.number > state.noteDraft;

/** The draft whose first words lie before a person's eyes but are not reported as shown. */
export const unreportedDraft = (state: Shown): number | null =>
  state.draft === null ||
  state.draft.sentences.length === 0 ||
  !hasFields(state) ||
  state.note !== null ||
  state.shown?.number === state.draft.number
    ? null
    : state.draft.number;

export const sentencesOf = (state: Shown, section: string): readonly Sentence[] =>
  state.draft === null ? [] : state.draft.sentences.filter((sentence) => sentence.section === section);

export const draftTexts = (state: Shown, section: string): readonly string[] =>
  sentencesOf(state, section).map((sentence) => sentence.text);

/** The words of a whole draft stand no more as they were written. */
export const canRestore = (state: Shown, section: Section): boolean =>
  state.draft?.state === 'ready' &&
  section.touched &&
  section.elsewhere === null &&
  draftTexts(state, section.id).length > 0 &&
  section.text !== draftTexts(state, section.id).join('\n');

/** A section that the draft may still fill. */
export const isFree = (state: Shown, section: Section): boolean => !section.touched && state.note === null;

/** While two texts are undecided the server has both, so that neither is lost with this page. */
const toStore = ({ text, elsewhere }: Section): string => {
  if (elsewhere?.as !== 'edit') return text;
  return elsewhere.text.includes(text) ? elsewhere.text : `${elsewhere.text.trimEnd()}\n${text}`;
};

/** The draft was seen, and no note was made of it yet: what the correction time is about. */
export const isCorrecting = (state: State): state is Shown =>
  state.kind === 'shown' && state.shown !== null && state.note === null;

/**
 * The text as it is copied into another program: each section that says something, under its heading. While a note is read it is
 * the note's.
 */
export const asText = ({ sections, mode, note }: Shown): string =>
  sections
    .map(({ id, heading, text }) => [heading, mode === 'reading' ? (note?.sections[id] ?? '') : text] as const)
    .filter(([, text]) => text.trim() !== '')
    .map((part) => part.join('\n'))
    .join('\n\n');
