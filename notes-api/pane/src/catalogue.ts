// Every word that the pane and its page say, in Danish and English. A key that one language lacks does not compile.
//
// Here is what there is to say; each language has a file of its own. What is wrong says what to do. Danish is there at once,
// English is fetched by whoever wants it (`learn`).

import { da } from './catalogue/da';
import type { Headline } from './questions';
import type { Problem } from './state';
import type {
  Confirm,
  Direction,
  Failure,
  FlagKind,
  FlagReason,
  GapReason,
  NotTranscribedReason,
  SuppressedReason,
  Track,
  Trouble,
} from './wire';

export const LANGUAGES = ['da', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** A sentence for each doubt; `words` are the doubted ones in quotes, or »the sentence«. */
type DoubtWords = { readonly [K in FlagKind]: Readonly<Record<FlagReason<K>, (words: string) => string>> };

export interface Catalogue {
  decimalMark: string;
  // The page.
  calls: string;
  language: string;
  noCalls: string;
  noCallChosen: string;
  signingIn: string;
  signIn: string;
  signInUsed: string;
  serverAway: string;
  pc: {
    one: (state: string) => string;
    ready: string;
    noContact: string;
    several: (inContact: number) => string;
    lost: (pcs: number) => string;
    inTrouble: (pcs: number) => string;
  };
  newCall: string;
  unsaved: (calls: number) => string;
  showOldest: string;
  stillUnsaved: (at: string) => string;
  later: string;
  showCall: string;
  today: string;
  yesterday: string;
  // The head of a call.
  caseNumber: (id: string) => string;
  direction: Record<Direction, string>;
  callEnded: (at: string) => string;
  headline: Record<Headline, string>;
  since: (at: string) => string;
  behind: (seconds: string) => string;
  version: (number: number) => string;
  draftAfter: (seconds: string) => string;
  withoutModel: string;
  provisional: string;
  microphone: string;
  citizen: string;
  level: (who: string) => string;
  // What is the matter, and what to do.
  trouble: Partial<Record<Headline, readonly [string, string]>>;
  unavailable: Record<Problem, readonly [string, string]>;
  draftComing: readonly [string, string];
  draftFailed: Record<Failure, readonly [string, string]>;
  draftByModel: (model: string) => readonly [string, string];
  draftByScript: readonly [string, string];
  draftWithoutModel: string;
  draftTrouble: Record<Trouble, string>;
  draftPicked: string;
  draftFilled: string;
  saveFailed: string;
  saveProblem: Record<Problem, string>;
  chooseFirst: readonly [string, string];
  elsewhere: readonly [string, string];
  noteSaved: string;
  unsavedCorrection: readonly [string, string];
  late: readonly [string, string];
  lateText: (utterances: number, saved: boolean) => readonly [string, string];
  correctionTime: (length: string) => string;
  draftCame: (seconds: string) => string;
  // The transcript.
  speaker: Record<Track, string>;
  echo: string;
  transcript: (utterances: number) => string;
  nothingSaid: string;
  search: string;
  /** Characters that show nothing, by their numbers. */
  hiddenCharacters: (which: string) => string;
  removeHidden: string;
  missing: (whose: Track | 'both', from: string, to: string) => string;
  gapReason: Record<GapReason, string>;
  untranscribed: (whose: Track, from: string, to: string) => string;
  notTranscribedReason: Record<NotTranscribedReason, string>;
  suppressed: (count: number) => string;
  suppressedReason: Record<SuppressedReason, string>;
  show: string;
  // Draft and note.
  evidence: string;
  evidenceOf: (sentence: number, utterances: number) => string;
  noEvidence: string;
  quoted: (words: string) => string;
  theSentence: string;
  doubt: DoubtWords;
  callSays: (said: string) => string;
  notCited: string;
  uncertain: string;
  uncertainWhy: string;
  confirm: Record<Confirm, string>;
  confirmed: Record<Confirm, string>;
  confirmWhy: Record<Confirm, string>;
  isRight: string;
  // What is to be looked at.
  doubts: (count: number) => string;
  toConfirm: (count: number) => string;
  maybeMissing: (count: number) => string;
  maybeMissingTitle: string;
  maybeMissingKind: Record<FlagKind, string>;
  notNeeded: (what: string) => string;
  close: string;
  offer: string;
  insert: string;
  replace: string;
  dismiss: string;
  otherVersion: string;
  keepMine: string;
  takeTheirs: string;
  emptied: string;
  mine: string;
  theirs: string;
  takeBoth: string;
  writeHere: string;
  save: string;
  saving: string;
  again: string;
  undo: string;
  redo: string;
  restore: string;
  restoreAll: string;
  versions: string;
  keys: string;
  notLoaded: string;
  amend: string;
  copy: string;
  copied: string;
  pause: string;
  resume: string;
  asking: string;
  objects: string;
  reallyErase: readonly [string, string];
  erase: string;
  keepCall: string;
  erasing: readonly [string, string];
  notErased: readonly [string, string];
  note: string;
  savedByItself: (at: string) => string;
  savesByItself: string;
  storing: string;
  notStored: string;
  soundIsErased: string;
}

/** What each language calls itself, whichever words are there. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { da: 'Dansk', en: 'English' };

/** Until English is there, Danish stands in its place. */
export const CATALOGUES: Record<Language, Catalogue> = { da, en: da };

/** Fetches the words of a language, and tells which one can be spoken now. */
export const learn = async (language: Language): Promise<Language> => {
  if (language === 'da' || CATALOGUES.en !== da) return language;
  try {
    // A name that is not written out stays a file of its own, beside this script.
    const fetched = (await import(new URL('en.js', import.meta.url).href)) as typeof import('./catalogue/en');
    CATALOGUES.en = fetched.en;
    return language;
  } catch {
    return 'da';
  }
};

/** What is doubted about a sentence, and why. */
export const doubtOf = (
  { kind, reason }: { readonly kind: FlagKind; readonly reason: FlagReason },
  about: string,
  { doubt }: Catalogue,
): string => {
  const of: Partial<Record<FlagReason, (words: string) => string>> = doubt[kind];
  return (of[reason] ?? doubt[kind].other)(about);
};

export const languageOf = (tag: string | null | undefined): Language =>
  LANGUAGES.find((language) => tag?.toLowerCase().startsWith(language)) ?? 'da';
