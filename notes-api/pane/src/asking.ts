// What a person asks of the server in a call, besides writing: to pause, to erase, another draft, what was left out, the versions.
//
// In: the state of the call that is shown. Out: requests; what they bring shows by what happens, or in the view at once; what was
// refused shows too. A new call gets a new `Asking`, and an answer for the call before shows nowhere.
// Not done here: no deciding what may be asked now (questions.ts, foot-view.ts).

import { problemOf } from './api';
import type { Language } from './catalogue';
import type { More } from './load-more';
import type { Event, Shown } from './state';
import type { View } from './view';
import type { Texts } from './wire';
import type { Desk } from './writing';

/** Where answers show. */
export interface Asked {
  readonly more: More;
  readonly view: View | null;
  readonly root: ShadowRoot | null;
  readonly language: Language;
  take(sections: Texts): void;
  drawNow(): void;
}

export class Asking {
  readonly #desk: Desk & Asked;
  readonly #signal: AbortSignal;
  #isAskingAgain = false;

  constructor(desk: Desk & Asked, signal: AbortSignal) {
    this.#desk = desk;
    this.#signal = signal;
  }

  /** Asks for something that shows by what happens; what the server refuses shows at once. */
  async ask(what: (call: string) => Promise<void>, failed: Event): Promise<void> {
    const shown = this.#shown;
    if (shown === null) return;
    try {
      await what(shown.summary.id);
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#desk.happened(failed);
      this.#refused(error);
    }
  }

  /** Once at a time. An answer that does not come shows as lost contact; the event of a new draft shows the rest. */
  async draftAgain(area: string, wish: string): Promise<void> {
    const shown = this.#shown;
    if (shown === null || this.#isAskingAgain) return;
    this.#isAskingAgain = true;
    try {
      await this.#desk.api.draftAgain(shown.summary.id, area, wish);
    } catch (error) {
      if (!this.#signal.aborted) this.#refused(error);
    } finally {
      this.#isAskingAgain = false;
    }
  }

  async areas(): Promise<void> {
    const names = await this.#desk.api.areaNames().catch(() => []);
    if (this.#desk.view !== null && names.length > 0) this.#desk.view.foot.areas = names;
  }

  async suppressed(): Promise<void> {
    const shown = this.#shown;
    if (shown === null || shown.suppressed === 0) return;
    const texts = await this.#desk.api.suppressed(shown.summary.id).catch(() => null);
    const { view } = this.#desk;
    if (this.#shown === null || view === null) return;
    view.suppressed = texts;
    if (this.#shown.transcript !== 'open') this.#desk.happened({ kind: 'transcript_turned', open: true });
    this.#desk.drawNow();
  }

  async versions(): Promise<void> {
    const before = this.#shown;
    if (before === null || before.note === null) return;
    const [more, versions] = await Promise.all([
      this.#desk.more.get(),
      this.#desk.api.versions(before.summary.id).catch(() => null),
    ]);
    const [shown, { root, view, language }] = [this.#shown, this.#desk];
    if (shown === null || root === null) return;
    if (more === null || versions === null) return view?.foot.notLoaded();
    const { sections, summary } = shown;
    const take = (texts: Texts): void => this.#desk.take(texts);
    more.openVersions(root, { language, offsetS: summary.offsetS, sections, versions, take });
  }

  #refused(error: unknown): void {
    if (problemOf(error) === 'unauthorised') this.#desk.happened({ kind: 'contact', contact: 'unauthorised' });
  }

  /** The call, for as long as it is this one's. */
  get #shown(): Shown | null {
    const { state } = this.#desk;
    return state.kind === 'shown' && !this.#signal.aborted ? state : null;
  }
}
