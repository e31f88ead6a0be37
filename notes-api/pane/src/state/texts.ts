// The person's text, and what it meets: more of the draft, another window's text, a note saved elsewhere. Pure.
//
// Where two texts differ and a person wrote both, both are kept until a person has chosen.

import { nameOf } from '../checks';
import { canRestore, draftTexts, offer } from '../questions';
import type { Choice, Saving, Section, Shown } from '../state';
import type { Edit, Missing, Note, Texts } from '../wire';
import { APART } from './draft';

export const inSection = (state: Shown, id: string, change: (section: Section) => Section): Shown => ({
  ...state,
  sections: state.sections.map((section) => (section.id === id ? change(section) : section)),
});

export const dismissed = (state: Shown, missing: Missing): Shown =>
  state.dismissed.includes(nameOf(missing)) ? state : { ...state, dismissed: [...state.dismissed, nameOf(missing)] };

export const insertMissing = (state: Shown, missing: Missing, into: string): Shown =>
  state.dismissed.includes(nameOf(missing))
    ? state
    : inSection({ ...dismissed(state, missing), saving: afterTyping(state.saving) }, into, (section) => ({
        ...section,
        text: joined(section.text, [missing.said]),
        touched: true,
        seen: section.touched ? section.seen : draftTexts(state, section.id),
      }));

export const withEdit = (state: Shown, change: { [K in keyof Shown['edit']]?: Shown['edit'][K] }): Shown => ({
  ...state,
  edit: { ...state.edit, ...change },
});

/** So many texts on their way are remembered; the page sends one at a time. */
const MOST_SENT = 4;

export const sent = (state: Shown, texts: Texts): Shown => ({
  ...state,
  sections: state.sections.map((section) => {
    const text = texts[section.id];
    return text === undefined ? section : { ...section, sent: [...section.sent, text].slice(-MOST_SENT) };
  }),
});

/** The draft's words again, in one section or in every one for which it has any. */
export const restoreDraft = (state: Shown, id: string | null): Shown => {
  const sections = state.sections.map((section) => {
    const all = draftTexts(state, section.id);
    return (id === null || id === section.id) && canRestore(state, section)
      ? { ...section, text: all.join(APART), touched: true, seen: all }
      : section;
  });
  return { ...state, saving: afterTyping(state.saving), sections };
};

/** Whole texts of a version of the note, put in by hand. */
export const takeTexts = (state: Shown, texts: Texts): Shown => ({
  ...state,
  saving: afterTyping(state.saving),
  mode: 'writing',
  evidence: null,
  sections: state.sections.map((section) => {
    const text = texts[section.id];
    if (text === undefined || text === section.text) return section;
    const seen = section.touched ? section.seen : draftTexts(state, section.id);
    return { ...section, text, touched: true, seen };
  }),
});

export const answerElsewhere = (section: Section, choice: Choice): Section => {
  if (section.elsewhere === null) return section;
  const theirs = section.elsewhere.text;
  const texts = { keep: section.text, insert: joined(section.text, [theirs]), replace: theirs };
  return { ...section, text: texts[choice], touched: true, decided: [...section.decided, theirs], elsewhere: null };
};

export const afterTyping = (saving: Saving): Saving => (saving.kind === 'sending' ? saving : { kind: 'no' });

/** Three texts meet: mine, theirs, and what the server had from me before. */
const merged = (section: Section, theirs: string, before: string | null, as: 'edit' | 'note'): Section => {
  if (theirs === section.text) return { ...section, elsewhere: null };
  if (theirs === before || section.sent.includes(theirs) || section.decided.includes(theirs)) return section;
  if (!section.touched || section.text === before) return { ...section, text: theirs, touched: true };
  return { ...section, elsewhere: { text: theirs, as } };
};

export const editElsewhere = (state: Shown, edit: Edit): Shown => {
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

export const answerOffer = (state: Shown, section: Section, choice: Choice): Section => {
  const all = draftTexts(state, section.id);
  const texts = { keep: section.text, insert: joined(section.text, offer(state, section)), replace: all.join(APART) };
  return { ...section, text: texts[choice], touched: true, seen: [...section.seen, ...all] };
};

const joined = (text: string, more: readonly string[]): string =>
  [text.trimEnd(), more.join(APART)].filter((part) => part !== '').join('\n');

export const sameTexts = (state: Shown, texts: Texts): boolean =>
  state.sections.every((section) => (texts[section.id] ?? '') === section.text);

const withNote = (state: Shown, note: Note): Shown => ({
  ...state,
  note,
  noteDraft: state.draft?.number ?? 0,
  summary: { ...state.summary, status: 'saved' },
});

export const noteStored = (state: Shown, note: Note): Shown => ({
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

export const noteElsewhere = (state: Shown, note: Note): Shown => {
  const sections = state.sections.map((section) => {
    const before = state.note === null ? section.stored : (state.note.sections[section.id] ?? '');
    return merged(section, note.sections[section.id] ?? '', before, 'note');
  });
  const merging: Shown = { ...withNote(state, note), sections, saving: { kind: 'no' } };
  return { ...merging, mode: sameTexts(merging, note.sections) ? 'reading' : 'writing' };
};
