// A few words for making and updating elements. Text becomes text nodes only: nothing that was said or typed is markup.

export type Child = Node | string | null | false;

/** An element; an attribute that is null or false is left out. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number | boolean | null>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
};

export const set = (element: Element, name: string, value: string | number | boolean | null): void => {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value))
    element.setAttribute(name, value === true ? '' : String(value));
};

/** Sets text only where it differs, so that a screen reader hears changes and nothing else. */
export const say = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

export const button = (
  label: string,
  action: () => void,
  attributes: Parameters<typeof el>[1] = {},
): HTMLButtonElement => {
  const made = el('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', action);
  return made;
};

const drawn = new WeakMap<Element, string>();

/**
 * Draws the inside of `container` anew when `key` (all that it depends on) has changed. Focus stays on the element of
 * the same `data-focus`.
 */
export const draw = (container: HTMLElement, key: unknown, inside: () => readonly Child[]): boolean => {
  const now = JSON.stringify(key);
  if (drawn.get(container) === now) return false;
  drawn.set(container, now);
  const root = container.getRootNode() as Document | ShadowRoot;
  const focused = root.activeElement;
  const focus = focused !== null && container.contains(focused) ? focused.getAttribute('data-focus') : null;
  container.replaceChildren(...inside().filter((child) => child !== null && child !== false));
  if (focus !== null) container.querySelector<HTMLElement>(`[data-focus="${focus}"]`)?.focus();
  return true;
};

/** Keeps one child for each item, in their order; a child is made anew only when its key is new. */
export const keyed = <T>(
  container: HTMLElement,
  items: readonly T[],
  key: (item: T) => string,
  make: (item: T) => HTMLElement,
): void => {
  const before = new Map([...container.children].map((child) => [child.getAttribute('data-key'), child]));
  let place = container.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let child = before.get(name);
    if (child === undefined) {
      child = make(item);
      child.setAttribute('data-key', name);
    }
    before.delete(name);
    if (child === place) place = place.nextElementSibling;
    else container.insertBefore(child, place);
  }
  for (const gone of before.values()) gone.remove();
};
