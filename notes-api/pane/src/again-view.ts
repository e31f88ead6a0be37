// Asks what another draft shall be: as the last one, under another area, or with a wish.
//
// In: the names of the areas, once they are known. Out: a form above the buttons, hidden until it is asked for, and the
// action `again`. Enter asks for the draft as it stands, Escape puts the form away; whoever uses the keyboard is not left on
// what is hidden.
// Not done here: whether anything came of it (the events of the call say so).

import { button, draw, el } from './dom';
import { MORE_WORDS } from './more-catalogue';
import type { Stage } from './view';

/** As the server has it. */
const LONGEST_WISH = 500;

export class AgainView {
  readonly root: HTMLFormElement;
  readonly #area = el('select', { id: 'again-area' });
  readonly #wish = el('input', { id: 'again-wish', type: 'text', maxlength: LONGEST_WISH, autocomplete: 'off' });
  readonly #stage: Stage;

  readonly #closed: (asked: boolean) => void;

  /** `closed` hears that the form was put away under somebody's hands, and whether a draft was asked for. */
  constructor(stage: Stage, closed: (asked: boolean) => void) {
    this.#stage = stage;
    this.#closed = closed;
    const words = MORE_WORDS[stage.language];
    this.root = el(
      'form',
      { class: 'again', hidden: true, 'aria-label': words.deeds.again },
      el('label', { for: 'again-area' }, words.againArea),
      this.#area,
      el('label', { for: 'again-wish' }, words.againWish),
      this.#wish,
      el('small', {}, words.againHint),
      el(
        'div',
        {},
        el('button', { type: 'submit', class: 'main' }, words.againGo),
        button(words.againCancel, () => this.close(), { class: 'plain' }),
      ),
    );
    this.areas = [];
    this.root.addEventListener('submit', (event) => {
      event.preventDefault();
      stage.act({ kind: 'again', area: this.#area.value, wish: this.#wish.value.trim() });
      this.#close(true);
    });
    this.root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
    });
  }

  /** Which may be chosen; until they are known, the draft's own. */
  set areas(names: readonly string[]) {
    const chosen = this.#area.value;
    draw(this.#area, names, () => [
      el('option', { value: '' }, MORE_WORDS[this.#stage.language].againSameArea),
      ...names.map((name) => el('option', { value: name }, name)),
    ]);
    this.#area.value = names.includes(chosen) ? chosen : '';
  }

  open(): void {
    this.root.hidden = false;
    this.#stage.act({ kind: 'areas_asked' });
    this.#wish.focus();
  }

  close(): void {
    this.#close(false);
  }

  #close(asked: boolean): void {
    const root = this.root.getRootNode() as Document | ShadowRoot;
    const hadFocus = root.activeElement !== null && this.root.contains(root.activeElement);
    this.root.hidden = true;
    this.#area.value = this.#wish.value = '';
    if (hadFocus) this.#closed(asked);
  }
}
