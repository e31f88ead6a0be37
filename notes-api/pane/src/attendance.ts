// Watches a call's element for activity, and brings it to the server: from when the draft is shown until the note is saved,
// every ten seconds, and before the save.
//
// In: the element, the call. Out: batches to `Api.activity`, one at a time, the same again until it arrived. Not done here: what
// counts as a pause (activity.ts).

import { Activity, type Run } from './activity';
import type { Api } from './api';

const EVERY_MS = 10_000;
const BEFORE_SAVE_MS = 500;
/** Runs that are sent together; the next ten seconds take the next ones. */
const RUNS_AT_ONCE = 3;
/** What a person does to a call; that it was done is all that is kept. */
const DEEDS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'scroll', 'input', 'focusin'] as const;

interface Batch extends Run {
  readonly call: string;
  readonly number: number;
}

export class Attendance {
  readonly #element: HTMLElement;
  /** One for each run: the server finds out of each how its clock stands. */
  readonly #pages: string[] = [];
  readonly #activity = new Activity({ now: () => performance.now(), wall: () => Date.now() });
  #number = 0;
  #unsent: Batch | null = null;
  #sent: Promise<void> = Promise.resolve();
  #onTheWay = 0;
  /** Of which call anything was sent. */
  #begun: string | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  begin(): void {
    for (const deed of DEEDS) this.#element.addEventListener(deed, this.#done, { passive: true, capture: true });
    document.addEventListener('selectionchange', this.#done);
    document.addEventListener('visibilitychange', this.#look);
    addEventListener('blur', this.#look);
    addEventListener('focus', this.#look);
    this.#look();
  }

  end(): void {
    for (const deed of DEEDS) this.#element.removeEventListener(deed, this.#done, { capture: true });
    document.removeEventListener('selectionchange', this.#done);
    document.removeEventListener('visibilitychange', this.#look);
    removeEventListener('blur', this.#look);
    removeEventListener('focus', this.#look);
  }

  /** Sends what is due; called often. */
  tick(api: Api, call: string): void {
    if (this.#onTheWay > 0) return;
    const isDue = this.#unsent !== null || this.#activity.isNew;
    const isOver = performance.now() - this.#sentAt >= EVERY_MS;
    if (this.#begun !== call || (isDue && isOver)) void this.send(api, call);
  }

  /**
   * Sends what there is, behind what is on its way already, and waits for it; a server that does not answer is no reason not
   * to save.
   */
  send(api: Api, call: string, options = { keepalive: false }): Promise<void> {
    this.#onTheWay += 1;
    this.#sentAt = performance.now();
    this.#sent = this.#sent
      .then(() => this.#sendAll(api, call, options))
      .finally(() => {
        this.#onTheWay -= 1;
      });
    return this.#sent;
  }

  async #sendAll(api: Api, call: string, options: { keepalive: boolean }): Promise<void> {
    try {
      // What did not arrive goes first, as it was: the server knows a repeat by its number.
      if (this.#unsent !== null) await this.#bring(api, this.#unsent, options);
      for (let at = 0; at < RUNS_AT_ONCE && (this.#activity.isNew || this.#begun !== call); at += 1) {
        // The first one may be empty: before a PC goes to sleep the server knows how its clock stands.
        this.#begun = call;
        this.#unsent = { call, number: ++this.#number, ...this.#activity.take() };
        await this.#bring(api, this.#unsent, options);
      }
    } catch {
      // The next time.
    }
  }

  /** The same before a save, which waits for it but not for long: what comes later is counted all the same. */
  beforeSave(api: Api, call: string): Promise<void> {
    const enough = new Promise<void>((resolve) => setTimeout(resolve, BEFORE_SAVE_MS));
    return Promise.race([this.send(api, call), enough]);
  }

  /** What was done so far is nobody's business: there is no draft yet, or the note is saved. */
  forget(): void {
    while (this.#activity.isNew) this.#activity.take();
  }

  async #bring(api: Api, { call, number, run, stretches }: Batch, options: { keepalive: boolean }): Promise<void> {
    const page = this.#pages[run] ?? crypto.randomUUID();
    this.#pages[run] = page;
    // The clock is that of the sending: it tells the server how the two clocks stand.
    await api.activity(call, { page, number, clock: this.#activity.clock, stretches }, options);
    this.#unsent = null;
  }

  readonly #done = (): void => this.#activity.done();
  readonly #look = (): void => {
    if (document.visibilityState === 'visible' && document.hasFocus()) this.#activity.back();
    else this.#activity.left();
  };
}
