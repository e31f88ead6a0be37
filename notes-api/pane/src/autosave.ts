// When typed text is due to be sent: soon after the last key, and soon enough while the keys go on.
//
// In: that something was typed, was sent, arrived or failed, each with its time. Out: whether a write is due now.
// Promised: what was typed is on its way within `LONGEST_MS` and a tick; with an answer that takes up to 400 ms, and one that
// was on its way before it, no character is older than two seconds when the server has it (0039).
// Not done here: no clock, no sending (writing.ts).

/** From the last key until the text is sent, and the longest that somebody who never stops typing waits for it. */
const QUIET_MS = 500;
const LONGEST_MS = 1_000;
/** After a failure, doubled up to the longest. */
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 8_000;

export class Due {
  #last: number | null = null;
  #first: number | null = null;
  #failures = 0;
  #failedAt = 0;

  typed(at: number): void {
    this.#last = at;
    this.#first ??= at;
  }

  /** All that was typed so far is on its way. */
  sent(): void {
    [this.#last, this.#first] = [null, null];
  }

  arrived(): void {
    this.#failures = 0;
  }

  failed(at: number): void {
    this.#failures += 1;
    this.#failedAt = at;
  }

  /** Whether text that the server does not have is to be sent at `now`. */
  isDue(now: number): boolean {
    const wait = Math.min(RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), LONGEST_RETRY_MS);
    if (this.#failures > 0 && now - this.#failedAt < wait) return false;
    const isQuiet = this.#last === null || now - this.#last >= QUIET_MS;
    return isQuiet || (this.#first !== null && now - this.#first >= LONGEST_MS);
  }
}
