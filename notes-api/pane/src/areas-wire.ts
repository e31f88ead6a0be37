// What notes-api says of its areas, and the one place where doubt about it ends, as `wire.ts` is for calls.

import { type Draft, draft as draftOf, TRACKS, type Track } from './wire/draft';
import { BadMessage, type Json, known, list, number, numberOrNull, record, text, textOrNull } from './wire/json';

export const LENGTHS = ['short', 'normal', 'detailed'] as const;
export const KINDS = ['number', 'amount', 'date', 'time', 'name', 'address', 'other'] as const;
export const PSEUDONYMS = ['none', 'identifiers', 'full'] as const;
/** Why there is no draft of the sample call, and the HTTP status that says so. */
export const NO_DRAFT = { busy: 429, no_pipeline: 503, late: 504, other: 0 } as const;
export const TROUBLES = ['gone', 'unreadable', 'mistakes'] as const;

/** The kinds of mistakes in a file; `areas/src/problem.rs` has the same, and a test there compares them. */
export const MISTAKES = [
  'no_toml',
  'no_text',
  'neither_true_nor_false',
  'no_number',
  'no_list',
  'no_table',
  'no_list_of_tables',
  'no_table_in_list',
  'unknown_key',
  'missing',
  'language_missing',
  'choice_missing',
  'cues_missing',
  'none_of_these',
  'no_language_of_notes',
  'no_model_name',
  'control_characters',
  'too_long',
  'pseudonyms_none_without_reason',
  'reason_for_nothing',
  'no_reason',
  'no_sections',
  'too_many',
  'no_languages',
  'too_many_languages',
  'unknown_language',
  'language_twice',
  'no_word',
  'word_too_long',
  'twice',
  'glossary_too_long',
  'no_cues',
  'too_many_cues',
  'cue_too_long',
  'no_cue',
  'no_id',
  'id_twice',
  'empty',
  'label_twice',
] as const;

export type Length = (typeof LENGTHS)[number];
export type Kind = (typeof KINDS)[number];
export type Pseudonyms = (typeof PSEUDONYMS)[number];
export type NoDraft = keyof typeof NO_DRAFT;
export type TroubleKind = (typeof TROUBLES)[number];
export type MistakeKind = (typeof MISTAKES)[number];

export interface Mistake {
  readonly line: number;
  readonly key: string;
  readonly found: string;
  /** The sentence in English. */
  readonly problem: string;
  /** Null if the server knows more kinds than this page. */
  readonly code: MistakeKind | null;
  /** What the sentence is made of, in the order that the kind has. */
  readonly arguments: readonly string[];
}

export interface Trouble {
  readonly file: string;
  readonly sinceMs: number;
  readonly kind: TroubleKind;
  readonly detail: string | null;
  readonly mistakes: readonly Mistake[];
}

export interface Fact {
  readonly id: string;
  readonly label: string;
  readonly kind: Kind;
  readonly cues: readonly string[];
}

export interface Settings {
  readonly language: string;
  readonly sections: readonly { readonly id: string; readonly heading: string; readonly belongs: string }[];
  readonly length: Length;
  readonly tone: string;
  readonly categories: readonly string[];
  readonly mustNote: readonly Fact[];
  readonly glossary: readonly string[];
  readonly days: { readonly transcript: number | null; readonly drafts: number | null; readonly log: number | null };
  readonly llmIsLocal: boolean;
  readonly pseudonyms: Pseudonyms;
}

export interface Area {
  readonly id: string;
  readonly inForce: { readonly version: string; readonly sinceMs: number; readonly settings: Settings } | null;
  readonly trouble: Trouble | null;
}

export interface Preview {
  readonly turns: readonly { readonly track: Track; readonly start: number; readonly text: string }[];
  /** Fact id to the turns, from 0, that speak of it. */
  readonly spokenOf: ReadonlyMap<string, readonly number[]>;
}

const words = (from: Json, field: string): readonly string[] => {
  const value = from[field];
  if (!Array.isArray(value) || !value.every((word): word is string => typeof word === 'string')) {
    throw new BadMessage(field);
  }
  return value;
};

const settings = (from: Json): Settings => ({
  language: text(from, 'language'),
  sections: list(from, 'sections', (section) => ({
    id: text(section, 'id'),
    heading: text(section, 'heading'),
    belongs: text(section, 'belongs'),
  })),
  length: known(from, 'length', LENGTHS),
  tone: text(from, 'tone'),
  categories: list(from, 'categories', (category) => text(category, 'label')),
  mustNote: list(from, 'must_note', (fact) => ({
    id: text(fact, 'id'),
    label: text(fact, 'label'),
    kind: known(fact, 'kind', KINDS),
    cues: words(fact, 'cues'),
  })),
  glossary: words(from, 'glossary'),
  days: {
    transcript: numberOrNull(from, 'transcript_days'),
    drafts: numberOrNull(from, 'drafts_days'),
    log: numberOrNull(from, 'activity_log_days'),
  },
  llmIsLocal: from.llm_is_local === true,
  pseudonyms: known(from, 'pseudonyms', PSEUDONYMS),
});

const kindOf = (code: string): MistakeKind | null => MISTAKES.find((kind) => kind === code) ?? null;

const trouble = (from: Json): Trouble => ({
  file: text(from, 'file'),
  sinceMs: number(from, 'since_ms'),
  kind: known(from, 'kind', TROUBLES),
  detail: textOrNull(from, 'detail'),
  mistakes: list(from, 'mistakes', (mistake) => ({
    line: number(mistake, 'line'),
    key: text(mistake, 'key'),
    found: text(mistake, 'found'),
    problem: text(mistake, 'problem'),
    code: kindOf(text(mistake, 'code')),
    arguments: words(mistake, 'arguments'),
  })),
});

const area = (from: Json): Area => ({
  id: text(from, 'id'),
  inForce:
    from.settings == null
      ? null
      : {
          version: text(from, 'version'),
          sinceMs: number(from, 'in_force_since_ms'),
          settings: settings(record(from.settings, 'settings')),
        },
  trouble: from.problem == null ? null : trouble(record(from.problem, 'problem')),
});

export const areas = (value: unknown): readonly Area[] => list(record(value, 'body'), 'areas', area);

export const preview = (value: unknown): Preview => {
  const from = record(value, 'body');
  const spoken = list(from, 'spoken_of', (found): readonly [string, readonly number[]] => {
    const turns = found.turns;
    if (!Array.isArray(turns) || !turns.every((turn): turn is number => typeof turn === 'number')) {
      throw new BadMessage('turns');
    }
    return [text(found, 'id'), turns];
  });
  return {
    turns: list(from, 'turns', (turn) => ({
      track: known(turn, 'track', TRACKS),
      start: number(turn, 'start'),
      text: text(turn, 'text'),
    })),
    spokenOf: new Map(spoken),
  };
};

export const draft = (value: unknown): Draft => draftOf(record(value, 'body'));

/** For which of the reasons there is none. */
export const noDraft = (status: number): NoDraft =>
  (Object.keys(NO_DRAFT) as readonly NoDraft[]).find((reason) => NO_DRAFT[reason] === status) ?? 'other';
