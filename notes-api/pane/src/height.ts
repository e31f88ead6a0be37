// How high the frame would have to be for nothing in it to scroll; the host decides what it gives.
//
// In: the parts of the page. Out: pixels, at most five times a second, and only when they changed. It depends on what the
// parts hold and on the frame's width, never on its height: the host's answer is no reason to ask anew.

import type { NotePane } from './note-pane';

const EVERY_MS = 200;
/** Where text and transcript stand side by side they scroll by themselves, as on the caseworker's page. */
const WIDE_PX = 760;
const LEAST_PX = 380;

export class Height {
  readonly #watch = new ResizeObserver(() => this.#soon());
  #watched: readonly Element[] = [];
  #told = 0;
  #waits = false;

  constructor(
    private readonly top: HTMLElement,
    private readonly pane: NotePane,
    private readonly tell: (px: number) => void,
  ) {}

  /** After anything was drawn: the pane's parts are others when it speaks another language. */
  look(): void {
    const { head, texts, foot } = this.#parts();
    const parts = [this.top, ...head, ...texts, ...foot];
    if (parts.length === this.#watched.length && parts.every((part, at) => part === this.#watched[at])) return;
    this.#watch.disconnect();
    for (const part of parts) this.#watch.observe(part);
    this.#watched = parts;
  }

  #parts(): Readonly<Record<'head' | 'texts' | 'foot', readonly Element[]>> {
    const root = this.pane.shadowRoot;
    const of = (selector: string): readonly Element[] => [...(root?.querySelectorAll(selector) ?? [])];
    return { head: of('.pane > header'), texts: of('.body > *'), foot: of('.pane > footer') };
  }

  #soon(): void {
    if (this.#waits) return;
    this.#waits = true;
    setTimeout(() => {
      this.#waits = false;
      this.#measure();
    }, EVERY_MS);
  }

  #measure(): void {
    const { head, texts, foot } = this.#parts();
    const high = (parts: readonly Element[]): number =>
      parts.reduce((sum, part) => sum + part.getBoundingClientRect().height, 0);
    const pane = this.pane.hasAttribute('data-wide') ? WIDE_PX : high([...head, ...texts, ...foot]);
    const px = Math.ceil(high([this.top]) + (this.pane.hidden ? LEAST_PX : Math.max(LEAST_PX, pane)));
    if (px === this.#told) return;
    this.#told = px;
    this.tell(px);
  }
}
