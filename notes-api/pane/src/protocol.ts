// What a case system's page and the pane in its frame say to each other by postMessage, version 1. Pure.
//
// In: what a browser delivered, of which nothing is believed. Out: a `Message`, or why it is none.
// Promised:
//   P1  A message has exactly the keys of its kind, each of the type and length that its guard allows; `identifiers`
//       alone may be left out. Everything else is refused: other keys, other prototypes, values that no guard asks for,
//       a `__proto__` that is a key.
//   P2  No id is accepted twice among the last 1,024.
//   P3  Reading throws nothing and changes nothing but the memory of ids that were accepted.
// No kind has a field for spoken or written words, in either direction: that is what keeps them inside the frame.
// Not done here: who may speak (host-link.ts, host-element.ts), what follows.

export const VERSION = 1;

type Guard<T> = (value: unknown) => value is T;
/** A name that ends with `?` may be left out. */
type Fields = Readonly<Record<string, Guard<unknown>>>;
export type Kinds = Readonly<Record<string, Fields>>;

/** No message of this version comes near it. */
const LONGEST = 1_000;
const MOST_KEYS = 8;
const REMEMBERED = 1_024;
const MOST_PX = 100_000;
const MOST_IDENTIFIERS = 20;

/** A number that the open case has: a person's (CPR) or a business's (CVR), grouped as it may be. */
export interface Identifier {
  readonly kind: 'cpr' | 'cvr';
  readonly value: string;
}

/** Printable text of 1 to `most` characters. */
const line =
  (most: number): Guard<string> =>
  (value): value is string =>
    typeof value === 'string' && value.length > 0 && value.length <= most && !/\p{Cc}/u.test(value);

const orNone =
  <T>(guard: Guard<T>): Guard<T | null> =>
  (value): value is T | null =>
    value === null || guard(value);

const oneOf =
  <const T extends string>(...words: readonly T[]): Guard<T> =>
  (value): value is T =>
    words.some((word) => word === value);

const whole =
  (least: number, most: number): Guard<number> =>
  (value): value is number =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const isUuid: Guard<string> = (value): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);

/** A list without holes and without other keys. */
const listOf =
  <T>(most: number, guard: Guard<T>): Guard<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) &&
    value.length <= most &&
    Object.keys(value).length === value.length &&
    Array.from(value).every(guard);

const isNamed = oneOf('cpr', 'cvr');
const isIdentifier: Guard<Identifier> = (value): value is Identifier =>
  isPlain(value) && hasJust(value, ['kind', 'value']) && isNamed(value.kind) && isDigits(value.value);

const isDigits: Guard<string> = (value): value is string => typeof value === 'string' && /^[\d -]{8,16}$/.test(value);

export const areIdentifiers = listOf(MOST_IDENTIFIERS, isIdentifier);

const caseOrNone = orNone(line(200));
const state = oneOf(
  'listening',
  'no_contact',
  'text_behind',
  'transcription_down',
  'drafting',
  'draft_ready',
  'draft_failed',
  'saved',
  'discarded',
);

export const FROM_HOST = {
  launch: { code: line(256) },
  context: { case_id: caseOrNone, 'identifiers?': areIdentifiers },
  language: { lang: oneOf('da', 'en') },
};

export const FROM_FRAME = {
  ready: {},
  launch_wanted: {},
  draft_ready: { call: isUuid, case_id: caseOrNone },
  note_saved: { call: isUuid, note: isUuid, version: whole(1, Number.MAX_SAFE_INTEGER), case_id: caseOrNone },
  height: { px: whole(0, MOST_PX) },
  state: { call: isUuid, state },
  refused: {
    why: oneOf('version', 'too_large', 'malformed', 'replayed', 'busy', 'code', 'foreign_origin', 'unavailable'),
  },
};

type Of<G> = G extends Guard<infer T> ? T : never;
type Told<F extends Fields> = {
  readonly [K in keyof F as K extends `${string}?` ? never : K]: Of<F[K]>;
} & { readonly [K in keyof F as K extends `${infer Name}?` ? Name : never]?: Of<F[K]> };
/** What is said besides version and id. */
export type Saying<K extends Kinds> = { [Kind in keyof K]: { readonly kind: Kind } & Told<K[Kind]> }[keyof K];
export type Message<K extends Kinds> = { readonly referent: typeof VERSION; readonly id: string } & Saying<K>;
export type FromHost = Saying<typeof FROM_HOST>;
export type FromFrame = Saying<typeof FROM_FRAME>;
export type Why = (FromFrame & { readonly kind: 'refused' })['why'];

export const message = <K extends Kinds>(saying: Saying<K>, id: string): Message<K> => ({
  referent: VERSION,
  id,
  ...saying,
});

/** `not_ours`: other scripts of a page speak by postMessage too; nobody is to be told. */
export type Unread = 'not_ours' | 'version' | 'too_large' | 'malformed' | 'replayed';

export class Inbox<K extends Kinds> {
  readonly #seen = new Set<string>();

  constructor(private readonly kinds: K) {}

  read(data: unknown): Message<K> | Unread {
    if (!isPlain(data) || !Object.hasOwn(data, 'referent')) return 'not_ours';
    const keys = Object.keys(data);
    if (keys.length > MOST_KEYS || lengthOf(data, keys) > LONGEST) return 'too_large';
    if (data.referent !== VERSION) return whole(0, Number.MAX_SAFE_INTEGER)(data.referent) ? 'version' : 'malformed';
    const { id, kind } = data;
    if (!isUuid(id) || typeof kind !== 'string' || !Object.hasOwn(this.kinds, kind)) return 'malformed';
    const fields = Object.entries(this.kinds[kind] ?? {})
      .map(([name, guard]) => ({ name: name.replace('?', ''), mayLack: name.endsWith('?'), guard }))
      .filter(({ name, mayLack }) => !mayLack || Object.hasOwn(data, name));
    if (!hasJust(data, ['referent', 'id', 'kind', ...fields.map(({ name }) => name)])) return 'malformed';
    if (!fields.every(({ name, guard }) => guard(data[name]))) return 'malformed';
    if (this.#seen.has(id)) return 'replayed';
    this.#remember(id);
    return data as Message<K>;
  }

  /** The oldest is forgotten: by then its code is void, and what else it can say was said again since. */
  #remember(id: string): void {
    this.#seen.add(id);
    if (this.#seen.size <= REMEMBERED) return;
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest);
      return;
    }
  }
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const hasJust = (data: Readonly<Record<string, unknown>>, names: readonly string[]): boolean =>
  Object.keys(data).length === names.length && names.every((name) => Object.hasOwn(data, name));

/** Characters of all keys and texts; a value that is no simple one counts as too much for any message. */
const lengthOf = (data: Readonly<Record<string, unknown>>, keys: readonly string[]): number =>
  keys.reduce((sum, key) => sum + key.length + (typeof data[key] === 'string' ? data[key].length : 8), 0);
