// What few need at once, fetched when it is asked for: the help sheet, the versions of a note, the form for another draft, the search, what differs
// between two texts.
//
// In: where to open, and what to show. Out: a dialog that Escape closes and that gives the keyboard back. The help sheet is
// written from the table from which the keys are handled (keys.ts), so it cannot say anything else.

export { AgainView } from './again-view';
export { SearchView } from './search-view';

import type { Language } from './catalogue';
import { diff } from './diff';
import { button, type Child, draw, el } from './dom';
import { type Group, IS_MAC, KEYS, type Key, shown } from './keys';
import css from './more.css';
import { MORE_WORDS } from './more-catalogue';
import { visible } from './plain';
import * as time from './time';
import type { Note, Texts } from './wire';

const GROUPS: readonly Group[] = ['note', 'check', 'call', 'page'];

export const openHelp = (
  root: ShadowRoot | HTMLElement,
  { language, isInPage }: { language: Language; isInPage: boolean },
): void => {
  const words = MORE_WORDS[language];
  const isThere = ({ deed }: Key): boolean => isInPage || !['unsaved', 'calls', 'new_call', 'language'].includes(deed);
  open(
    root,
    words.keys,
    language,
    GROUPS.map((group) =>
      el(
        'section',
        {},
        el('h3', {}, words.groups[group]),
        el(
          'dl',
          { class: 'keys' },
          ...KEYS.filter((key) => key.group === group && isThere(key)).flatMap((key) => [
            el('dt', {}, ...chords(key, language)),
            el('dd', {}, words.deeds[key.deed]),
          ]),
        ),
      ),
    ),
  );
};

/** `Alt+1 til Alt+8`, or `Ctrl+Y eller Ctrl+Shift+Z`. */
const chords = ({ chords }: Key, language: Language): readonly Child[] => {
  const words = MORE_WORDS[language];
  const caps = chords.map((chord) => el('kbd', {}, shown(chord, IS_MAC)));
  const [first, last] = [caps[0], caps.at(-1)];
  if (caps.length > 3 && first !== undefined && last !== undefined) return [first, ` ${words.to} `, last];
  return caps.flatMap((cap, at) => (at === 0 ? [cap] : [` ${words.or} `, cap]));
};

interface Book {
  readonly language: Language;
  readonly offsetS: number;
  /** The text as it stands now. */
  readonly sections: readonly { readonly id: string; readonly heading: string; readonly text: string }[];
  /** The oldest first. */
  readonly versions: readonly Note[];
  readonly take: (sections: Texts) => void;
}

export const openVersions = (root: ShadowRoot | HTMLElement, book: Book): void => {
  const words = MORE_WORDS[book.language];
  const newest = book.versions.at(-1);
  const name = ({ version, savedMs }: Note): string =>
    `${words.version(version, `${time.date(savedMs, book.offsetS)} ${time.clockSeconds(savedMs, book.offsetS)}`)}${
      version === newest?.version && book.versions.length > 1 ? ` (${words.newest})` : ''
    }`;
  const choice = el(
    'select',
    { id: 'version', 'aria-label': words.versions },
    ...[...book.versions].reverse().map((note) => el('option', { value: note.version }, name(note))),
  );
  const other = el(
    'select',
    { id: 'compared' },
    el('option', { value: 'now' }, words.yourText),
    ...[...book.versions].reverse().map((note) => el('option', { value: note.version }, name(note))),
  );
  const inside = el('div', { 'aria-live': 'polite' });
  const textsOf = (value: string): Texts =>
    value === 'now'
      ? Object.fromEntries(book.sections.map(({ id, text }) => [id, text]))
      : (book.versions.find(({ version }) => String(version) === value)?.sections ?? {});
  const dialog = open(root, words.versions, book.language, [
    choice,
    el('label', { for: 'compared' }, words.compareWith),
    other,
    inside,
  ]);
  const take = (sections: Texts) => (): void => {
    dialog.close();
    book.take(sections);
  };
  const show = (): void => {
    const [here, before] = [textsOf(choice.value), textsOf(other.value)];
    const isSame = book.sections.every(({ id }) => (here[id] ?? '') === (before[id] ?? ''));
    draw(inside, [choice.value, other.value], () => [
      el('p', { class: 'how' }, isSame ? words.sameAs : words.how),
      ...book.sections.map(({ id, heading, text }) => {
        const [old, now] = [before[id] ?? '', here[id] ?? ''];
        return el(
          'section',
          {},
          el('h3', {}, visible(heading)),
          old + now === ''
            ? el('p', { class: 'how' }, words.emptySection)
            : el('p', { class: 'text' }, ...differences(old, now, { gone: words.onlyBefore, new: words.onlyHere })),
          now !== text && button(words.take, take({ [id]: now }), { 'aria-label': `${words.take}: ${heading}` }),
        );
      }),
      book.sections.some(({ id, text }) => (here[id] ?? '') !== text) && button(words.takeAll, take(here)),
    ]);
  };
  for (const select of [choice, other]) select.addEventListener('change', show);
  show();
};

const open = (
  root: ShadowRoot | HTMLElement,
  title: string,
  language: Language,
  inside: readonly Child[],
): HTMLDialogElement => {
  dress(root instanceof ShadowRoot ? root : document);
  for (const old of root.querySelectorAll('dialog')) old.close();
  const close = button('✕', () => dialog.close(), { 'aria-label': MORE_WORDS[language].close });
  const dialog = el(
    'dialog',
    { class: 'more', 'aria-labelledby': 'more', lang: language },
    el('div', { class: 'top' }, el('h2', { id: 'more' }, title), close),
    ...inside,
  );
  // The keyboard goes back by itself; keys for what lies behind are not meant.
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  root.append(dialog);
  dialog.showModal();
  return dialog;
};

const dressed = new WeakSet<Document | ShadowRoot>();

const dress = (root: Document | ShadowRoot): void => {
  if (dressed.has(root)) return;
  dressed.add(root);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
};

/** One of two texts, with what the other has not underlined. */
export const marked = (text: string, other: string): readonly (string | Node)[] =>
  diff(other, text)
    .filter(({ kind }) => kind !== 'gone')
    .map(({ kind, text }) => (kind === 'both' ? visible(text) : el('ins', {}, visible(text))));

/** Both texts in one: what only one of them has is crossed out or underlined, and said to who hears it. */
const differences = (
  before: string,
  after: string,
  labels: { readonly gone: string; readonly new: string },
): readonly Child[] =>
  diff(before, after).map(({ kind, text }) => {
    if (kind === 'both') return visible(text);
    return el(kind === 'gone' ? 'del' : 'ins', {}, el('span', { class: 'heard' }, ` ${labels[kind]} `), visible(text));
  });
