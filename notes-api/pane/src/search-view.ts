// The field in which the transcript is searched: how many places there are, and which one is looked at.
//
// In: the lines. Out: the hits, for the transcript to mark. Enter goes to the next, Shift+Enter to the one before, Escape
// empties the field and goes back to the text.

import { button, el, say, set } from './dom';
import { keyOf, shown, spoken } from './keys';
import { MORE_WORDS } from './more-catalogue';
import { type Hit, hits, stepped } from './search';
import type { Line } from './transcript';
import type { Stage } from './view';

export class SearchView {
  readonly root: HTMLElement;
  readonly #stage: Stage;
  readonly #field: HTMLInputElement;
  readonly #count = el('output', { for: 'search' });
  readonly #moves: readonly HTMLButtonElement[];
  readonly #changed: () => void;
  #hits: readonly Hit[] = [];
  #at = 0;

  /** `changed` hears that other words are searched for, or another hit is looked at; `left`, that the field was left. */
  constructor(stage: Stage, changed: () => void, left: () => void) {
    this.#stage = stage;
    this.#changed = changed;
    const words = MORE_WORDS[stage.language];
    const key = keyOf('search');
    this.#field = el('input', {
      id: 'search',
      type: 'search',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: `${words.deeds.search} ${shown(key)}`,
      'aria-label': words.deeds.search,
      'aria-keyshortcuts': spoken(key),
    });
    this.#moves = [
      button('↑', () => this.#move(-1), { 'aria-label': words.previousHit, title: words.previousHit }),
      button('↓', () => this.#move(1), { 'aria-label': words.nextHit, title: words.nextHit }),
    ];
    this.root = el('div', { class: 'search', role: 'search' }, this.#field, this.#count, ...this.#moves);
    this.#field.addEventListener('input', () => {
      this.#at = 0;
      changed();
    });
    this.#field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey && !event.isComposing) {
        event.preventDefault();
        this.#move(event.shiftKey ? -1 : 1);
      } else if (event.key === 'Escape') {
        event.preventDefault();
        event.stopPropagation();
        this.#field.value = '';
        changed();
        left();
      }
    });
  }

  get isOn(): boolean {
    return this.#field.value.trim() !== '';
  }

  /** What is looked at, of what was found last. */
  get current(): Hit | null {
    return this.#hits[this.#at] ?? null;
  }

  focus(): void {
    this.#field.focus();
    this.#field.select();
  }

  draw(lines: readonly Line[]): readonly Hit[] {
    this.root.hidden = lines.length === 0;
    this.#hits = hits(lines, this.#field.value);
    this.#at = Math.min(this.#at, Math.max(0, this.#hits.length - 1));
    const { hits: counted } = MORE_WORDS[this.#stage.language];
    say(this.#count, this.isOn ? counted(this.#at + 1, this.#hits.length) : '');
    for (const move of this.#moves) set(move, 'aria-disabled', this.#hits.length === 0 ? 'true' : null);
    return this.#hits;
  }

  #move(by: 1 | -1): void {
    this.#at = stepped(this.#at, by, this.#hits.length);
    this.#changed();
  }
}
