// Brings what a person wrote to the server: edits while they type, the note when they save, the last words when they leave.
//
// In: the state of the call that is shown. Out: requests, and what came of them as events. A new call gets a new `Writing`.
//
// Promised:
//   N1  Typed text is on its way to the server at most a second after it was typed (autosave.ts); until it has arrived it
//       stays in the open page, whose leaving is warned of, and nowhere else (0039).
//   N2  One write is on its way at a time: a note is saved after the edit it was made from. Only the last words before
//       leaving go beside another.
//   N3  The same save has the same `save_id` until it was answered.
// Not done here: no deciding what a state means.

import { type Api, problemOf } from './api';
import type { Attendance } from './attendance';
import { Due } from './autosave';
import { confirmedOf } from './checks';
import { canSave, editToStore, isCorrecting, noteTexts, toKeep, undecided } from './questions';
import type { Event, Problem, Shown, State } from './state';
import type { Left } from './unsent';
import type { CallEvent, Edit, Texts } from './wire';

const CATCH_UP_MS = 3_000;
/** So often what met another's text is sent over it, before it is left to the next tick. */
const MOST_TRIES = 3;

/** Where the text stands, and who is told. */
export interface Desk {
  readonly api: Api;
  readonly attendance: Attendance;
  readonly state: State;
  happened(event: Event): void;
  tell(name: string, detail: unknown): void;
}

export class Writing {
  readonly #desk: Desk;
  readonly #signal: AbortSignal;
  readonly #due = new Due();
  #queue: Promise<void> = Promise.resolve();
  /** Writes that were begun or wait for their turn. */
  #writes = 0;
  #onTheWay: Texts | null = null;
  #save: { readonly id: string; readonly texts: string } | null = null;
  /** Notes that were announced while ours was on its way. */
  #heldBack: CallEvent[] = [];
  #newestRevision = 0;
  #isCatchingUp = false;

  constructor(desk: Desk, signal: AbortSignal) {
    this.#desk = desk;
    this.#signal = signal;
  }

  /** Whether something that a person typed has not arrived yet. */
  get isOpen(): boolean {
    const shown = this.#shown;
    return shown !== null && (this.#onTheWay !== null || editToStore(shown) !== null);
  }

  typed(at: number): void {
    this.#due.typed(at);
  }

  /** The server is heard again: what failed is tried at once. */
  heardAgain(): void {
    this.#due.arrived();
  }

  loaded(revision: number): void {
    this.#newestRevision = revision;
  }

  /** Whether the event waits until what is on its way has arrived. */
  holdsBack(event: CallEvent): boolean {
    if (event.kind === 'edit_saved') this.#newestRevision = Math.max(this.#newestRevision, event.revision);
    if (event.kind !== 'note_saved' || !this.#isBusy) return false;
    this.#heldBack.push(event);
    return true;
  }

  /** Called often: most of the time nothing is due. */
  tick(now: number): void {
    const shown = this.#shown;
    if (shown === null) return;
    if (!this.#isBusy && editToStore(shown) !== null && this.#due.isDue(now)) void this.#alone(() => this.#storeEdit());
    void this.#catchUp(shown);
  }

  /** What has not arrived, to be brought there by somebody else; null if there is none. */
  get left(): Left | null {
    const shown = this.#shown;
    const [kept, sections] = shown === null ? [null, null] : [toKeep(shown), editToStore(shown)];
    return shown === null || kept === null || sections === null
      ? null
      : { kept, edit: editOf(shown, sections), onTheWay: this.#onTheWay };
  }

  /** The page goes away, or out of sight: what is open is sent now. */
  leave(): void {
    const shown = this.#shown;
    const sections = shown === null ? null : editToStore(shown);
    if (shown === null || sections === null) return;
    if (!this.#isBusy) {
      void this.#alone(() => this.#storeEdit());
      return;
    }
    // What is on its way now comes first, and is the revision that this one is made over.
    const revision = shown.edit.revision + (this.#onTheWay === null ? 0 : 1);
    this.#desk.happened({ kind: 'edit_sent', sections });
    this.#desk.api.storeEdit(shown.summary.id, { ...editOf(shown, sections), revision }).catch(() => undefined);
  }

  /** Sends what was typed, after what is on its way; ends when the server has it, or it failed. */
  settle(): Promise<void> {
    return this.#alone(async () => {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) if ((await this.#storeEdit()) !== 'elsewhere') return;
    });
  }

  async saveNote(): Promise<void> {
    const { state } = this.#desk;
    if (state.kind !== 'shown' || !canSave(state)) return;
    this.#desk.happened({ kind: 'note_sent' });
    await this.#alone(async () => {
      if (isCorrecting(this.#desk.state)) {
        await this.#desk.attendance.beforeSave(this.#desk.api, this.#desk.state.summary.id);
      }
      await this.#storeEdit();
      const shown = this.#shown;
      if (shown === null) return;
      if (undecided(shown).length > 0) return this.#desk.happened({ kind: 'note_waits' });
      if (shown.edit.phase === 'failed')
        return this.#failed(shown.contact === 'unauthorised' ? 'unauthorised' : 'unreachable');
      try {
        await this.#sendNote(shown);
      } catch (error) {
        if (!this.#signal.aborted) this.#failed(problemOf(error));
      }
    });
  }

  /** The call, for as long as it is this one's. */
  get #shown(): Shown | null {
    const { state } = this.#desk;
    return state.kind === 'shown' && !this.#signal.aborted ? state : null;
  }

  get #isBusy(): boolean {
    return this.#writes > 0;
  }

  /** One write at a time; the first begins at once, while the page that goes away still runs. */
  #alone(write: () => Promise<unknown>): Promise<void> {
    this.#writes += 1;
    const begun = this.#writes > 1 ? this.#queue.then(write) : write();
    this.#queue = begun
      .finally(() => {
        this.#writes -= 1;
        if (this.#signal.aborted) return;
        for (const event of this.#heldBack.splice(0)) this.#desk.happened(event);
      })
      .then(() => undefined);
    return this.#queue;
  }

  /** Sends what is not stored yet. `elsewhere`: another's text was met and taken in, and this one is still to be sent. */
  async #storeEdit(): Promise<'elsewhere' | 'done'> {
    const { state } = this.#desk;
    const sections = state.kind === 'shown' ? editToStore(state) : null;
    if (state.kind !== 'shown' || sections === null) return 'done';
    this.#due.sent();
    this.#onTheWay = sections;
    this.#desk.happened({ kind: 'edit_sent', sections });
    try {
      const stored = await this.#desk.api.storeEdit(state.summary.id, editOf(state, sections));
      this.#due.arrived();
      if (this.#signal.aborted) return 'done';
      if (stored.kind === 'elsewhere') {
        this.#desk.happened({ kind: 'edit_elsewhere', edit: stored.current });
        return 'elsewhere';
      }
      this.#desk.happened({ kind: 'edit_stored', revision: stored.value.revision, sections, at: Date.now() });
    } catch (error) {
      this.#due.failed(Date.now());
      if (this.#signal.aborted) return 'done';
      this.#desk.happened({ kind: 'edit_failed' });
      if (problemOf(error) === 'unauthorised') this.#desk.happened({ kind: 'contact', contact: 'unauthorised' });
    } finally {
      this.#onTheWay = null;
    }
    return 'done';
  }

  /** Another window stored an edit: what it says is asked for. */
  async #catchUp(shown: Shown): Promise<void> {
    if (this.#isBusy || this.#isCatchingUp || this.#newestRevision <= shown.edit.revision) return;
    this.#isCatchingUp = true;
    try {
      const { edit } = await this.#desk.api.call(shown.summary.id);
      if (!this.#signal.aborted && !this.#isBusy && edit !== null)
        this.#desk.happened({ kind: 'edit_elsewhere', edit });
    } catch {
      // The next tick asks again, after a while.
      await new Promise((resolve) => setTimeout(resolve, CATCH_UP_MS));
    } finally {
      this.#isCatchingUp = false;
    }
  }

  async #sendNote(shown: Shown): Promise<void> {
    const texts = noteTexts(shown);
    const confirmed = confirmedOf(shown);
    const key = JSON.stringify([shown.note?.version ?? 0, texts, confirmed]);
    if (this.#save?.texts !== key) this.#save = { id: crypto.randomUUID(), texts: key };
    const answer = await this.#desk.api.saveNote(shown.summary.id, shown.note?.version ?? 0, {
      saveId: this.#save.id,
      editRevision: shown.edit.revision === 0 ? null : shown.edit.revision,
      draft: shown.draft === null || shown.draft.sentences.length === 0 ? null : shown.draft.number,
      sections: texts,
      confirmed,
    });
    if (this.#signal.aborted) return;
    if (answer.kind === 'elsewhere') {
      this.#desk.happened({ kind: 'note_elsewhere', note: answer.current });
      return this.#saveOverSeen(texts);
    }
    this.#save = null;
    this.#desk.happened({ kind: 'note_stored', note: answer.value });
    this.#desk.tell('note-saved', { call: shown.summary.id, note: answer.value.id, version: answer.value.version });
  }

  /** The other note holds nothing that did not stand before the person already: the save goes on over it. */
  async #saveOverSeen(texts: Texts): Promise<void> {
    const shown = this.#shown;
    if (shown === null || shown.mode !== 'writing' || undecided(shown).length > 0) return;
    if (JSON.stringify(noteTexts(shown)) !== JSON.stringify(texts)) return;
    this.#desk.happened({ kind: 'note_sent' });
    await this.#sendNote(shown);
  }

  #failed(problem: Problem): void {
    this.#desk.happened({ kind: 'note_failed', problem });
    this.#desk.tell('note-failed', { problem });
  }
}

/** What is stored of a call. */
export const editOf = (state: Shown, sections: Texts): Edit => ({
  revision: state.edit.revision,
  draft: state.draft?.number ?? null,
  sections,
});
