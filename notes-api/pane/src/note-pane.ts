// The element: one call, from its first word to its saved note.
//
// In: the attributes `call` (an id) and `lang` (da, en), and events from the server and the person. Out: the screen,
// and the events `note-saved`, `note-failed` and `call-changed`. Everything that happens goes through `#happened`:
// state.ts says what is true then, `#follow_up` what has to be sent, view.ts how it looks.
//
// Promised:
//   N1  Typed text is on its way to the server at most 1.5 s after the last key, and in the browser's keeping until it
//       has arrived there.
//   N2  One write is on its way at a time: a note is saved after the edit it was made from.
//   N3  The same save has the same `save_id` until it was answered.
// Not done here: no words, no deciding what a state means.

import { Api, problemOf } from './api';
import { Attendance } from './attendance';
import { languageOf } from './catalogue';
import { confirmedOf } from './checks';
import checks from './checks.css';
import { keep, kept } from './keep';
import css from './pane.css';
import {
  asText,
  canSave,
  editToStore,
  headline,
  hungUp,
  isCorrecting,
  noteTexts,
  toKeep,
  undecided,
  unreportedDraft,
} from './questions';
import { EMPTY, type Event, next, type Problem, type Shown, type State } from './state';
import { type Action, View } from './view';
import { type CallEvent, callEvent, type Texts } from './wire';

/** From the last key until the text is sent, and the longest that somebody who never stops typing waits for it. */
const QUIET_MS = 800;
const LONGEST_MS = 4_000;
const RETRY_MS = 3_000;
/** How wide the element has to be for the transcript to stand beside the text. */
const WIDE_PX = 900;

export class NotePane extends HTMLElement {
  static readonly observedAttributes = ['call', 'lang'];

  /** Tests and hosts may put another in its place before a call is chosen. */
  api = new Api();
  #state: State = EMPTY;
  #view: View | null = null;
  #stop = new AbortController();
  #drawing = false;
  #typedAt: number | null = null;
  #firstTypedAt: number | null = null;
  #failedAt: number | null = null;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #save: { readonly id: string; readonly texts: string } | null = null;
  /** Notes that were announced while ours was on its way. */
  #heldBack: CallEvent[] = [];
  #newestRevision = 0;
  #catchingUp = false;
  #askingAgain = false;
  #ticker: ReturnType<typeof setInterval> | undefined;
  readonly #attendance = new Attendance(this);
  readonly #watch = new ResizeObserver(() => this.#resized());
  readonly #leave = (): void => this.#sendBeforeLeaving();
  readonly #look = (): void => this.#happened({ kind: 'tick', at: Date.now() });

  get state(): State {
    return this.#state;
  }

  /** Whether leaving this call now would leave something undone. */
  get unfinished(): boolean {
    const state = this.#state;
    return (
      state.kind === 'shown' && state.mode === 'writing' && hungUp(state.summary) && headline(state) !== 'discarded'
    );
  }

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css + checks);
    root.adoptedStyleSheets = [sheet];
    this.#newView();
    this.addEventListener('keydown', this.#key);
    addEventListener('pagehide', this.#leave);
    document.addEventListener('visibilitychange', this.#look);
    this.#watch.observe(this);
    this.#attendance.begin();
    this.#ticker = setInterval(() => this.#tick(), 100);
    this.#begin();
  }

  disconnectedCallback(): void {
    this.#sendBeforeLeaving();
    this.#stop.abort();
    this.removeEventListener('keydown', this.#key);
    removeEventListener('pagehide', this.#leave);
    document.removeEventListener('visibilitychange', this.#look);
    this.#watch.disconnect();
    this.#attendance.end();
    clearInterval(this.#ticker);
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (!this.isConnected || this.#view === null || before === now) return;
    if (name === 'lang') this.#newView();
    else this.#begin();
  }

  /** What the button does. */
  save(): void {
    void this.#saveNote();
  }

  /** Asks again, with what the browser kept: for a host whose user has logged in again. */
  reload(): void {
    this.#begin();
  }

  // ---- the call ------------------------------------------------------------------------------------------------------

  #begin(): void {
    this.#sendBeforeLeaving();
    this.#stop.abort();
    this.#stop = new AbortController();
    [this.#typedAt, this.#firstTypedAt, this.#failedAt] = [null, null, null];
    [this.#save, this.#heldBack, this.#newestRevision, this.#busy] = [null, [], 0, false];
    this.#writing = Promise.resolve();
    if (this.#view !== null) this.#view.suppressed = null;
    const call = this.getAttribute('call');
    this.#happened({ kind: 'chosen', call });
    if (call !== null) void this.#load(call, this.#stop.signal);
  }

  async #load(call: string, signal: AbortSignal): Promise<void> {
    for (let wait = 500; !signal.aborted; wait = Math.min(wait * 2, 8_000)) {
      try {
        const detail = await this.api.call(call);
        if (signal.aborted) return;
        this.#newestRevision = detail.edit?.revision ?? 0;
        this.#happened({ kind: 'loaded', detail, kept: kept(call), at: Date.now() });
        // Kept text that came back is sent like typed text.
        this.#typedAt = Date.now();
        return await this.#listen(call, detail.sequence, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#happened({ kind: 'load_failed', problem: problemOf(error) });
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  #listen(call: string, after: number, signal: AbortSignal): Promise<void> {
    return this.api.followCall(
      call,
      after,
      {
        opened: () => undefined,
        contact: (contact) => !signal.aborted && this.#happened({ kind: 'contact', contact }),
        message: (kind, data, sequence) => {
          const event = callEvent(kind, data);
          if (signal.aborted) return;
          if (event !== null) this.#heard(event);
          if (sequence !== null) this.#happened({ kind: 'passed', sequence });
        },
      },
      signal,
    );
  }

  #heard(event: CallEvent): void {
    this.#happened({ kind: 'tick', at: Date.now() });
    if (event.kind === 'note_saved' && this.#busy) {
      this.#heldBack.push(event);
      return;
    }
    if (event.kind === 'edit_saved') this.#newestRevision = Math.max(this.#newestRevision, event.revision);
    this.#happened(event);
  }

  // ---- what happens, and what follows --------------------------------------------------------------------------------

  #happened(event: Event): void {
    const before = this.#state;
    this.#state = next(before, event);
    if (this.#state === before) return;
    if (event.kind !== 'tick') this.#followUp(before);
    this.#drawSoon();
  }

  #followUp(before: State): void {
    const state = this.#state;
    if (state.kind !== 'shown') return;
    const draft = document.visibilityState === 'visible' ? unreportedDraft(state) : null;
    if (draft !== null) void this.#reportShown(state.summary.id, draft);
    if (before.kind === 'shown' && before.sections !== state.sections) keep(state.summary.id, toKeep(state));
    const changed = before.kind !== 'shown' || before.summary !== state.summary || before.mode !== state.mode;
    if (changed) this.#tell('call-changed', { call: state.summary.id, summary: state.summary });
  }

  async #reportShown(call: string, number: number): Promise<void> {
    this.#happened({ kind: 'draft_shown', number, at: Date.now() });
    const { signal } = this.#stop;
    for (let wait = 500; !signal.aborted && wait < 60_000; wait *= 2) {
      try {
        return await this.api.draftShown(call, number);
      } catch {
        // The correction time begins a little late; better than never.
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  /** Every 100 ms: most of the time nothing is due. */
  #tick(): void {
    const state = this.#state;
    if (state.kind !== 'shown') return;
    const now = Date.now();
    const first = headline(state);
    const fast = first === 'drafting' || first === 'transcribing';
    if (document.visibilityState === 'visible' && (fast || now - state.now >= 500)) {
      this.#happened({ kind: 'tick', at: now });
      if (unreportedDraft(state) !== null) this.#followUp(state);
    }
    this.#autosave(now);
    if (isCorrecting(state)) this.#attendance.tick(this.api, state.summary.id);
    else this.#attendance.forget();
    void this.#catchUp();
  }

  // ---- the edit ------------------------------------------------------------------------------------------------------

  #autosave(now: number): void {
    const state = this.#state;
    if (state.kind !== 'shown' || this.#busy || editToStore(state) === null) return;
    const quiet = this.#typedAt === null || now - this.#typedAt >= QUIET_MS;
    const long = this.#firstTypedAt !== null && now - this.#firstTypedAt >= LONGEST_MS;
    if ((!quiet && !long) || (this.#failedAt !== null && now - this.#failedAt < RETRY_MS)) return;
    void this.#alone(() => this.#storeEdit());
  }

  /** One write at a time. */
  #alone(write: () => Promise<void>): Promise<void> {
    this.#busy = true;
    const { signal } = this.#stop;
    this.#writing = this.#writing.then(write).finally(() => {
      if (signal.aborted) return;
      this.#busy = false;
      for (const event of this.#heldBack.splice(0)) this.#happened(event);
    });
    return this.#writing;
  }

  async #storeEdit(): Promise<void> {
    const state = this.#state;
    const sections = state.kind === 'shown' ? editToStore(state) : null;
    if (state.kind !== 'shown' || sections === null) return;
    const { signal } = this.#stop;
    [this.#typedAt, this.#firstTypedAt] = [null, null];
    this.#happened({ kind: 'edit_sent' });
    try {
      const stored = await this.api.storeEdit(state.summary.id, edit(state, sections), { keepalive: false });
      if (signal.aborted) return;
      this.#failedAt = null;
      if (stored.kind === 'elsewhere') this.#happened({ kind: 'edit_elsewhere', edit: stored.current });
      else this.#happened({ kind: 'edit_stored', revision: stored.value.revision, sections, at: Date.now() });
    } catch (error) {
      if (signal.aborted) return;
      this.#failedAt = Date.now();
      this.#happened({ kind: 'edit_failed' });
      if (problemOf(error) === 'unauthorised') this.#happened({ kind: 'contact', contact: 'unauthorised' });
    }
  }

  /** Another window stored an edit: what it says is asked for. */
  async #catchUp(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'shown' || this.#busy || this.#catchingUp || this.#newestRevision <= state.edit.revision) return;
    const { signal } = this.#stop;
    this.#catchingUp = true;
    try {
      const detail = await this.api.call(state.summary.id);
      if (!signal.aborted && !this.#busy && detail.edit !== null) {
        this.#happened({ kind: 'edit_elsewhere', edit: detail.edit });
      }
    } catch {
      // The next tick asks again, after a while.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    } finally {
      this.#catchingUp = false;
    }
  }

  #sendBeforeLeaving(): void {
    const state = this.#state;
    if (isCorrecting(state)) void this.#attendance.send(this.api, state.summary.id, { keepalive: true });
    const sections = state.kind === 'shown' ? editToStore(state) : null;
    if (state.kind !== 'shown' || sections === null) return;
    keep(state.summary.id, toKeep(state));
    // The answer is of no use any more; what did not arrive is in the browser's keeping.
    this.api.storeEdit(state.summary.id, edit(state, sections), { keepalive: true }).catch(() => undefined);
  }

  // ---- the note ------------------------------------------------------------------------------------------------------

  async #saveNote(): Promise<void> {
    if (this.#state.kind !== 'shown' || !canSave(this.#state)) return;
    this.#happened({ kind: 'note_sent' });
    await this.#alone(async () => {
      const { signal } = this.#stop;
      if (isCorrecting(this.#state)) await this.#attendance.beforeSave(this.api, this.#state.summary.id);
      await this.#storeEdit();
      const state = this.#state;
      if (signal.aborted || state.kind !== 'shown') return;
      if (undecided(state).length > 0) return this.#happened({ kind: 'note_waits' });
      if (state.edit.phase === 'failed')
        return this.#failed(state.contact === 'unauthorised' ? 'unauthorised' : 'unreachable');
      try {
        await this.#sendNote(state);
      } catch (error) {
        if (!signal.aborted) this.#failed(problemOf(error));
      }
    });
  }

  async #sendNote(state: Shown): Promise<void> {
    const { signal } = this.#stop;
    const texts = noteTexts(state);
    const confirmed = confirmedOf(state);
    const key = JSON.stringify([state.note?.version ?? 0, texts, confirmed]);
    if (this.#save?.texts !== key) this.#save = { id: crypto.randomUUID(), texts: key };
    const answer = await this.api.saveNote(state.summary.id, state.note?.version ?? 0, {
      saveId: this.#save.id,
      editRevision: state.edit.revision === 0 ? null : state.edit.revision,
      draft: state.draft === null || state.draft.sentences.length === 0 ? null : state.draft.number,
      sections: texts,
      confirmed,
    });
    if (signal.aborted) return;
    if (answer.kind === 'elsewhere') {
      this.#happened({ kind: 'note_elsewhere', note: answer.current });
      return this.#saveOverSeen(texts);
    }
    this.#save = null;
    this.#happened({ kind: 'note_stored', note: answer.value });
    this.#tell('note-saved', { call: state.summary.id, version: answer.value.version });
  }

  /** The other note holds nothing that did not stand before the person already: the save goes on over it. */
  async #saveOverSeen(texts: Texts): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'shown' || state.mode !== 'writing' || undecided(state).length > 0) return;
    if (JSON.stringify(noteTexts(state)) !== JSON.stringify(texts)) return;
    this.#happened({ kind: 'note_sent' });
    await this.#sendNote(state);
  }

  #failed(problem: Problem): void {
    this.#happened({ kind: 'note_failed', problem });
    this.#tell('note-failed', { problem });
  }

  #tell(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  // ---- the person ----------------------------------------------------------------------------------------------------

  readonly #act = (action: Action): void => {
    switch (action.kind) {
      case 'save':
        this.save();
        break;
      case 'again':
        void this.#draftAgain(action.area, action.wish);
        break;
      case 'areas_asked':
        void this.#showAreas();
        break;
      case 'copy':
        void this.#copy();
        break;
      case 'suppressed_asked':
        void this.#showSuppressed();
        break;
      case 'pause_asked':
        this.#happened(action);
        void this.#pause(action.pause);
        break;
      case 'discard':
        void this.#discard();
        break;
      case 'typed':
        this.#typedAt = Date.now();
        this.#firstTypedAt ??= this.#typedAt;
        this.#happened(action);
        break;
      case 'amend_began':
        this.#happened(action);
        this.#drawNow();
        this.#view?.focusText();
        break;
      default:
        this.#happened(action);
        this.#drawNow();
    }
  };

  readonly #key = (event: KeyboardEvent): void => {
    const digit = event.altKey && !event.ctrlKey && !event.metaKey ? /^Digit([1-8])$/.exec(event.code)?.[1] : undefined;
    if (digit !== undefined && this.#view?.insertMissing(Number(digit) - 1)) {
      event.preventDefault();
      return;
    }
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    this.save();
  };

  async #showAreas(): Promise<void> {
    const names = await this.api.areaNames().catch(() => []);
    if (this.#view !== null && names.length > 0) this.#view.areas = names;
  }

  async #draftAgain(area: string, wish: string): Promise<void> {
    if (this.#state.kind !== 'shown' || this.#askingAgain) return;
    this.#askingAgain = true;
    // An answer that does not come shows as lost contact; the event of a new draft shows the rest.
    try {
      await this.api.draftAgain(this.#state.summary.id, area, wish);
    } catch (error) {
      if (problemOf(error) === 'unauthorised') this.#happened({ kind: 'contact', contact: 'unauthorised' });
    } finally {
      this.#askingAgain = false;
    }
  }

  async #pause(pause: boolean): Promise<void> {
    if (this.#state.kind !== 'shown') return;
    const { signal } = this.#stop;
    await this.api.pause(this.#state.summary.id, pause).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#happened({ kind: 'pause_failed' });
      if (problemOf(error) === 'unauthorised') this.#happened({ kind: 'contact', contact: 'unauthorised' });
    });
  }

  async #discard(): Promise<void> {
    if (this.#state.kind !== 'shown') return;
    const { signal } = this.#stop;
    this.#happened({ kind: 'discard_sent' });
    await this.api.discard(this.#state.summary.id).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#happened({ kind: 'discard_failed' });
      if (problemOf(error) === 'unauthorised') this.#happened({ kind: 'contact', contact: 'unauthorised' });
    });
  }

  async #copy(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'shown' || state.note === null) return;
    await navigator.clipboard.writeText(asText(state, state.note));
    this.#view?.copied();
  }

  async #showSuppressed(): Promise<void> {
    if (this.#state.kind !== 'shown' || this.#view === null) return;
    const view = this.#view;
    view.suppressed = await this.api.suppressed(this.#state.summary.id).catch(() => null);
    this.#drawNow();
  }

  // ---- the screen ----------------------------------------------------------------------------------------------------

  #newView(): void {
    const language = languageOf(this.getAttribute('lang') ?? document.documentElement.lang);
    this.#view = new View({ language, act: this.#act });
    this.shadowRoot?.replaceChildren(this.#view.root);
    this.#resized();
    this.#drawNow();
  }

  #resized(): void {
    if (this.#view === null) return;
    const wide = this.clientWidth >= WIDE_PX;
    this.toggleAttribute('data-wide', wide);
    this.#view.wide = wide;
    this.#drawSoon();
  }

  /** Many events of one moment are drawn once. */
  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      if (this.#drawing) this.#drawNow();
    });
  }

  #drawNow(): void {
    this.#drawing = false;
    this.#view?.draw(this.#state);
    requestAnimationFrame(() => this.#view?.arrange());
  }
}

const edit = (state: Shown, sections: Texts): { revision: number; draft: number | null; sections: Texts } => ({
  revision: state.edit.revision,
  draft: state.draft?.number ?? null,
  sections,
});
