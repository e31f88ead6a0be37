// The API as the frame asks it: with a bearer that only this page's memory has, and without cookies.
//
// In: one-time codes of a host, and the API's requests. Out: answers; a request that is refused for its bearer waits for
// the next one and is asked again, once, so that nobody who is typing notices that a bearer has run out.
// Promised: the bearer is in no storage, no address and no message. Not done here: asking the host (host-link.ts).

import { Api, ApiError } from './api';
import type { Opened } from './host-link';
import type { Identifier } from './protocol';
import { number, record, text, textOrNull } from './wire/json';

/** How long a request waits for another bearer before the pane is told that it is signed out. */
const PATIENCE_MS = 10_000;
/** A bearer is renewed this long before its end; a clock that is wrong makes that no more often than the next line. */
const EARLY_MS = 60_000;
const SOONEST_MS = 60_000;
const LATEST_MS = 3_600_000;

export class BearerApi extends Api {
  #bearer: string | null = null;
  #waiting: (() => void)[] = [];
  #renewal: ReturnType<typeof setTimeout> | undefined;

  /** `renew` asks the host for another code. */
  constructor(private readonly renew: () => void) {
    super();
  }

  /** Gives the host's code for a bearer; `origin` is the host's, as the browser told it. */
  async open(code: string, origin: string): Promise<Opened> {
    try {
      const response = await super.request('/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ launch: code, origin }),
        credentials: 'omit',
      });
      if (response.status === 403) return { kind: 'refused', why: 'foreign_origin' };
      if (response.status === 401 || response.status === 400) return { kind: 'refused', why: 'code' };
      const answer = record(await response.json(), 'session');
      if (!response.ok) return { kind: 'refused', why: 'unavailable' };
      this.#take(text(answer, 'bearer'), number(answer, 'expires_ms'));
      return { kind: 'open', caseId: textOrNull(answer, 'case_id') };
    } catch {
      return { kind: 'refused', why: 'unavailable' };
    }
  }

  /** Numbers of the open case held against what was said; case-check.ts reads the answer. */
  async checkCase(call: string, identifiers: readonly Identifier[], signal: AbortSignal): Promise<unknown> {
    const response = await this.request(`/v1/calls/${call}/case-check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ identifiers }),
      signal,
    });
    if (!response.ok) throw new ApiError('server');
    return response.json();
  }

  override async request(path: string, init: RequestInit): Promise<Response> {
    const used = this.#bearer;
    const response = await super.request(path, bearing(used, init));
    if (response.status !== 401) return response;
    if (this.#bearer === used) await this.#another(init.signal ?? null);
    if (this.#bearer === used) return response;
    await response.body?.cancel();
    return super.request(path, bearing(this.#bearer, init));
  }

  #take(bearer: string, expiresMs: number): void {
    this.#bearer = bearer;
    clearTimeout(this.#renewal);
    const left = expiresMs - Date.now() - EARLY_MS;
    this.#renewal = setTimeout(() => this.renew(), Math.min(Math.max(left, SOONEST_MS), LATEST_MS));
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Until there is another bearer, or no more patience. Those who wait meanwhile are the requests of one page. */
  #another(signal: AbortSignal | null): Promise<void> {
    if (this.#waiting.length === 0) this.renew();
    return new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', go);
        this.#waiting = this.#waiting.filter((one) => one !== go);
        resolve();
      };
      const timer = setTimeout(go, PATIENCE_MS);
      signal?.addEventListener('abort', go);
      this.#waiting.push(go);
    });
  }
}

const bearing = (bearer: string | null, init: RequestInit): RequestInit => {
  const headers = new Headers(init.headers);
  if (bearer !== null) headers.set('authorization', `Bearer ${bearer}`);
  return { ...init, headers, credentials: 'omit' };
};
