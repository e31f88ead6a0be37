// Texts of calls that this page shows no more and that did not reach the server: they stay in the open page until they do.
//
// In: what a call's text was when another one was chosen. Out: writes, one call after the other, and the text again when its
// call is looked at. A call in which somebody else wrote meanwhile waits until a person looks: two texts are theirs to choose
// between. Not done here: nothing goes to the browser's storage (0039).

import type { Api } from './api';
import type { Kept } from './state';
import type { Edit, Texts } from './wire';

export interface Left {
  readonly kept: Kept;
  readonly edit: Edit;
  /** What was being written when the call was left: met at the server, it is no other's. */
  readonly onTheWay: Texts | null;
}

const EVERY_MS = 2_000;

export class Unsent {
  readonly #left = new Map<string, Left>();
  /** Calls in which somebody else wrote. */
  readonly #waiting = new Set<string>();
  #triedAt = Number.NEGATIVE_INFINITY;
  #isTrying = false;

  get isEmpty(): boolean {
    return this.#left.size === 0;
  }

  leave(call: string, left: Left): void {
    this.#left.set(call, left);
    this.#waiting.delete(call);
    this.#triedAt = Number.NEGATIVE_INFINITY;
  }

  /** What was left of a call, for the one who looks at it again. */
  take(call: string): Kept | null {
    const left = this.#left.get(call);
    this.#left.delete(call);
    return left?.kept ?? null;
  }

  /** Called often. */
  async tick(api: Pick<Api, 'storeEdit'>, now: number): Promise<void> {
    if (!this.isEmpty && !this.#isTrying && now - this.#triedAt >= EVERY_MS) await this.settle(api, now);
  }

  /** Tries each once, at once. */
  async settle(api: Pick<Api, 'storeEdit'>, now: number): Promise<void> {
    [this.#isTrying, this.#triedAt] = [true, now];
    for (const [call, left] of [...this.#left]) if (!this.#waiting.has(call)) await this.#bring(api, call, left);
    this.#isTrying = false;
  }

  async #bring(api: Pick<Api, 'storeEdit'>, call: string, left: Left): Promise<void> {
    const answer = await api.storeEdit(call, left.edit).catch(() => null);
    // Somebody looked at the call meanwhile, and has the text now.
    if (answer === null || this.#left.get(call) !== left) return;
    if (answer.kind === 'stored' || holds(answer.current.sections, left.edit.sections)) {
      this.#left.delete(call);
    } else if (left.onTheWay !== null && holds(answer.current.sections, left.onTheWay)) {
      const edit = { ...left.edit, revision: answer.current.revision };
      this.#left.set(call, { ...left, edit, onTheWay: null });
    } else {
      this.#waiting.add(call);
    }
  }
}

const holds = (there: Texts, mine: Texts): boolean => Object.keys(mine).every((id) => there[id] === mine[id]);
