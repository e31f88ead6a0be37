// Every key and what it does: the one table from which keys are handled, buttons labelled and the help sheet written.
//
// In: a pressed key, and whether somebody is in a text field. Out: what is meant. With Alt a key is taken by its place on the
// keyboard (`code`), which Danish and English keyboards share: what it would write with Alt differs by system. Chosen so that
// none is a key of Chrome or Edge (their menus are Alt+E and Alt+F, their address bar Alt+D), and none goes with AltGr, which
// Windows tells as Ctrl+Alt and which makes @ £ $ { [ ] } | of a Danish keyboard; Firefox asks the page before it opens a menu.
// Not done here: nothing is done (note-pane.ts, page.ts), no words (more-catalogue.ts).

/** What a person can do with a key. */
export type Deed =
  | 'save'
  | 'undo'
  | 'redo'
  | 'restore'
  | 'restore_all'
  | 'versions'
  | 'amend'
  | 'copy'
  | 'again'
  | 'insert'
  | 'replace'
  | 'keep'
  | 'next_doubt'
  | 'evidence'
  | 'confirm'
  | 'insert_missing'
  | 'dismiss_missing'
  | 'pause'
  | 'object'
  | 'transcript'
  | 'search'
  | 'next_hit'
  | 'previous_hit'
  | 'left_out'
  | 'text'
  | 'close'
  | 'help'
  | 'unsaved'
  | 'calls'
  | 'new_call'
  | 'language';

export type Group = 'note' | 'check' | 'call' | 'page';

export interface Key {
  readonly deed: Deed;
  readonly group: Group;
  /** Names of keys, joined by +; of several each does it. */
  readonly chords: readonly string[];
  /** In the field of the search, or in what is open: there it is handled. */
  readonly where?: 'search' | 'box';
}

export const KEYS: readonly Key[] = [
  { deed: 'save', group: 'note', chords: ['Ctrl+Enter'] },
  { deed: 'undo', group: 'note', chords: ['Ctrl+Z'] },
  { deed: 'redo', group: 'note', chords: ['Ctrl+Y', 'Ctrl+Shift+Z'] },
  { deed: 'restore', group: 'note', chords: ['Alt+G'] },
  { deed: 'restore_all', group: 'note', chords: ['Alt+A'] },
  { deed: 'again', group: 'note', chords: ['Alt+U'] },
  { deed: 'amend', group: 'note', chords: ['Alt+R'] },
  { deed: 'versions', group: 'note', chords: ['Alt+V'] },
  { deed: 'copy', group: 'note', chords: ['Alt+K'] },
  { deed: 'text', group: 'note', chords: ['Alt+N'] },
  { deed: 'next_doubt', group: 'check', chords: ['Alt+M'] },
  { deed: 'evidence', group: 'check', chords: ['Alt+L'] },
  { deed: 'confirm', group: 'check', chords: ['Alt+J'] },
  {
    deed: 'insert_missing',
    group: 'check',
    chords: ['Alt+1', 'Alt+2', 'Alt+3', 'Alt+4', 'Alt+5', 'Alt+6', 'Alt+7', 'Alt+8'],
  },
  { deed: 'dismiss_missing', group: 'check', chords: ['Alt+9'] },
  { deed: 'insert', group: 'check', chords: ['Alt+I'] },
  { deed: 'replace', group: 'check', chords: ['Alt+O'] },
  { deed: 'keep', group: 'check', chords: ['Alt+B'] },
  { deed: 'pause', group: 'call', chords: ['Alt+P'] },
  { deed: 'object', group: 'call', chords: ['Alt+X'] },
  { deed: 'transcript', group: 'call', chords: ['Alt+T'] },
  { deed: 'search', group: 'call', chords: ['Alt+S'] },
  { deed: 'next_hit', group: 'call', chords: ['Enter'], where: 'search' },
  { deed: 'previous_hit', group: 'call', chords: ['Shift+Enter'], where: 'search' },
  { deed: 'left_out', group: 'call', chords: ['Alt+W'] },
  { deed: 'unsaved', group: 'page', chords: ['Alt+Q'] },
  { deed: 'calls', group: 'page', chords: ['Alt+C'] },
  { deed: 'new_call', group: 'page', chords: ['Alt+Z'] },
  { deed: 'language', group: 'page', chords: ['Alt+Y'] },
  { deed: 'close', group: 'page', chords: ['Escape'], where: 'box' },
  { deed: 'help', group: 'page', chords: ['F1', 'Alt+H', '?'] },
];

/** What a `KeyboardEvent` tells of a key. */
export interface Pressed {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
  readonly isComposing: boolean;
  getModifierState(name: string): boolean;
}

export const IS_MAC = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform);

/** What a key means, and which of its chords it was. A key without Ctrl or Alt is text where text is written. */
export const meant = (pressed: Pressed, isWriting: boolean, isMac = IS_MAC): readonly [Deed, number] | null => {
  if (pressed.isComposing || pressed.getModifierState('AltGraph')) return null;
  const name = chordOf(pressed, isMac);
  for (const { deed, chords, where } of KEYS) {
    const at = where === undefined ? chords.indexOf(name) : -1;
    if (at >= 0 && !(isWriting && name === '?')) return [deed, at];
  }
  return null;
};

/** The name of what was pressed. A mark that takes Shift, as ? does, is named by itself. */
export const chordOf = (pressed: Pressed, isMac = IS_MAC): string => {
  // Each read by name: what an event tells of its keys does not spread.
  const { key, code, altKey, shiftKey, ctrlKey, metaKey } = pressed;
  const [control, other] = isMac ? [metaKey, ctrlKey] : [ctrlKey, metaKey];
  const place = altKey ? /^(?:Key([A-Z])|Digit(\d))$/.exec(code) : null;
  const name = place?.[1] ?? place?.[2] ?? (/^[a-z]$/.test(key) && control ? key.toUpperCase() : key);
  const isMark = name.length === 1 && !control && !altKey;
  return [other && 'Other', control && 'Ctrl', altKey && 'Alt', shiftKey && !isMark && 'Shift', name]
    .filter((part) => part !== false)
    .join('+');
};

export const keyOf = (deed: Deed): string => KEYS.find((one) => one.deed === deed)?.chords[0] ?? '';

/** As it stands on the keys. */
export const shown = (chord: string, isMac = IS_MAC): string =>
  isMac ? chord.replace('Ctrl', '⌘').replace('Alt', '⌥').replace('Escape', 'Esc') : chord.replace('Escape', 'Esc');

/** As a screen reader is told of it. */
export const spoken = (chord: string, isMac = IS_MAC): string => chord.replace('Ctrl', isMac ? 'Meta' : 'Control');
