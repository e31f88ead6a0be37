// The foot of a call: what can be done with it, the one main button first, and below whether what was typed is safe.
//
// In: a `State`. Out: buttons, each with its key, and what the person does. The main button never moves.
// Not done here: no deciding what may be done (questions.ts).

import type { AgainView } from './again-view';
import { CATALOGUES, type Language } from './catalogue';
import { button, el, say, set } from './dom';
import { hinted, labelled } from './hint';
import { canPause, canRestore, canSave, hasFields, hungUp } from './questions';
import type { Shown } from './state';
import * as time from './time';
import type { Stage } from './view';

const TOLD_MS = 4_000;

export class FootView {
  readonly root: HTMLElement;
  readonly #stage: Stage;
  readonly #saveWord = el('span');
  readonly #pauseWord = el('span');
  readonly #save: HTMLButtonElement;
  readonly #again: HTMLButtonElement;
  readonly #amend: HTMLButtonElement;
  readonly #pause: HTMLButtonElement;
  readonly #objects: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #redo: HTMLButtonElement;
  readonly #restore: HTMLButtonElement;
  readonly #versions: HTMLButtonElement;
  readonly #copy: HTMLButtonElement;
  /** The form for another draft, once somebody asked for it. */
  #asking: AgainView | null = null;
  readonly #back: () => void;
  readonly #left = el('span');
  readonly #right = el('span');
  #isPaused = false;
  #now = 0;
  /** What came of something, told for a while in the place of how the text is kept. */
  #told: { readonly text: string; readonly at: number } | null = null;

  /** `back` brings whoever closed the form with the keyboard to the text. */
  constructor(stage: Stage, back: () => void) {
    this.#stage = stage;
    this.#back = back;
    const { act } = stage;
    const words = CATALOGUES[stage.language];
    this.#save = button('', () => act({ kind: 'save' }), { class: 'main' });
    this.#save.append(this.#saveWord);
    labelled(this.#save, 'save');
    this.#again = hinted(
      button(words.again, () => this.again()),
      'again',
    );
    this.#amend = hinted(
      button(words.amend, () => act({ kind: 'amend_began' })),
      'amend',
    );
    this.#pause = button('', () => this.pause());
    this.#pause.append(this.#pauseWord);
    labelled(this.#pause, 'pause');
    this.#objects = this.#plain(words.objects, 'object', () => act({ kind: 'objection_asked' }));
    this.#undo = this.#plain(words.undo, 'undo', () => act({ kind: 'undone' }));
    this.#redo = this.#plain(words.redo, 'redo', () => act({ kind: 'redone' }));
    this.#restore = this.#plain(words.restoreAll, 'restore_all', () => act({ kind: 'draft_restored', section: null }));
    this.#versions = this.#plain(words.versions, 'versions', () => act({ kind: 'versions_asked' }));
    this.#copy = this.#plain(words.copy, 'copy', () => act({ kind: 'copy' }));
    const keys = this.#plain(words.keys, 'help', () => act({ kind: 'help_asked' }));
    const tools = [this.#undo, this.#redo, this.#restore, this.#versions, this.#copy, keys];
    this.root = el(
      'footer',
      {},
      // What a host has to say before a save stands right above the button.
      el('slot', { name: 'before-save' }),
      ...[this.#save, this.#amend, this.#again, this.#pause, this.#objects],
      el('div', { class: 'tools' }, ...tools),
      el('small', {}, this.#left, this.#right),
    );
  }

  draw(state: Shown): void {
    const words = CATALOGUES[this.#stage.language];
    const ended = hungUp(state.summary) && state.summary.state !== 'discarded';
    const reading = state.mode === 'reading';
    this.#amend.hidden = !reading || !ended;
    this.#save.hidden = reading || !ended;
    this.#again.hidden = reading || !ended || !isDone(state);
    if (this.#again.hidden) this.#asking?.close();
    set(this.#save, 'aria-disabled', canSave(state) ? null : 'true');
    this.#isPaused = state.agent?.state === 'paused';
    this.#pause.hidden = !canPause(state);
    const waits = state.asked === 'pause' || state.asked === 'resume';
    set(this.#pause, 'aria-disabled', waits ? 'true' : null);
    say(this.#pauseWord, waits ? words.asking : this.#isPaused ? words.resume : words.pause);
    this.#objects.hidden = state.summary.state === 'discarded' || state.asked === 'discard';
    say(this.#saveWord, state.saving.kind === 'sending' ? words.saving : words.save);
    this.#undo.hidden = this.#redo.hidden = !hasFields(state);
    set(this.#undo, 'aria-disabled', state.history.past.length === 0 ? 'true' : null);
    set(this.#redo, 'aria-disabled', state.history.future.length === 0 ? 'true' : null);
    this.#restore.hidden = !hasFields(state) || !state.sections.some((section) => canRestore(state, section));
    this.#versions.hidden = state.note === null;
    this.#copy.hidden = !state.sections.some(({ text }) => text.trim() !== '');
    if (this.#told !== null && state.now - this.#told.at >= TOLD_MS) this.#told = null;
    this.#now = state.now;
    say(this.#left, this.#told?.text ?? stored(state, this.#stage.language));
    say(this.#right, correction(state, this.#stage.language));
  }

  copied(): void {
    this.#tell(CATALOGUES[this.#stage.language].copied);
  }

  notLoaded(): void {
    this.#tell(CATALOGUES[this.#stage.language].notLoaded);
  }

  /** Pauses, or goes on, where that can be asked now. */
  pause(): void {
    if (this.#pause.hidden || this.#pause.hasAttribute('aria-disabled')) return;
    this.#stage.act({ kind: 'pause_asked', pause: !this.#isPaused });
  }

  again(): void {
    if (this.#again.hidden) return;
    if (this.#asking === null) void this.#fetchForm();
    else this.#asking.open();
  }

  async #fetchForm(): Promise<void> {
    const more = await this.#stage.more.get();
    if (more === null) return this.notLoaded();
    if (this.#asking === null) {
      this.#asking = new more.AgainView(this.#stage, (asked) => (asked ? this.#back() : this.#again.focus()));
      this.root.prepend(this.#asking.root);
    }
    this.again();
  }

  focusAmend(): void {
    this.#amend.focus();
  }

  /** Which areas another draft may be asked for under. */
  set areas(names: readonly string[]) {
    if (this.#asking !== null) this.#asking.areas = names;
  }

  #tell(text: string): void {
    this.#told = { text, at: this.#now };
    say(this.#left, text);
  }

  #plain(label: string, deed: Parameters<typeof hinted>[1], action: () => void): HTMLButtonElement {
    return hinted(button(label, action, { class: 'plain' }), deed);
  }
}

const isDone = (state: Shown): boolean => state.draft?.state === 'ready' || state.draft?.state === 'failed';

/** Whether what was typed is safe. */
const stored = (state: Shown, language: Language): string => {
  const words = CATALOGUES[language];
  if (!hasFields(state)) return hungUp(state.summary) ? '' : words.soundIsErased;
  if (state.edit.phase === 'sending') return words.storing;
  if (state.edit.phase === 'failed') return words.notStored;
  return state.edit.storedAt === null
    ? words.savesByItself
    : words.savedByItself(time.clockSeconds(state.edit.storedAt, state.summary.offsetS));
};

const correction = (state: Shown, language: Language): string =>
  state.shown === null || state.note !== null || state.draft?.state !== 'ready'
    ? ''
    : CATALOGUES[language].correctionTime(time.length(state.now - state.shown.at));
