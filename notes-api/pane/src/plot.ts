// Plots as SVG: a line over weeks with its band, and bars. Each says in words what it shows, and the table below it holds the same
// figures; colour alone says nothing.
//
// In: values, and words for them. Out: an element. Not done here: no figure is computed, no word is chosen.

import { steps } from './statistics';

const WIDTH = 520;
const LEFT = 46;
const RIGHT = 504;
const TOP = 20;
const BOTTOM = 190;
const HEIGHT = 232;
const SVG = 'http://www.w3.org/2000/svg';

type Attributes = Readonly<Record<string, string | number>>;

const svg = (tag: string, attributes: Attributes, ...children: readonly (Node | string)[]): SVGElement => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
};

const frame = (label: string, ...children: readonly SVGElement[]): SVGElement =>
  svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label }, ...children);

const label = (x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end'): SVGElement =>
  svg('text', { x, y, 'text-anchor': anchor, class: 'label' }, words);

const scale = (most: number): ((value: number) => number) => {
  return (value) => BOTTOM - (Math.min(value, most) / most) * (BOTTOM - TOP);
};

const grid = (at: readonly number[], y: (value: number) => number, words: (value: number) => string) =>
  at.flatMap((value) => [
    svg('line', { x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value), class: 'grid' }),
    label(LEFT - 6, y(value) + 4, words(value), 'end'),
  ]);

export interface Point {
  /** What stands below it. */
  readonly name: string;
  /** Null where there is no figure: the line is broken there. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** How many values it is of. */
  readonly n: number;
}

export interface Lines {
  readonly label: string;
  readonly points: readonly Point[];
  /** Where lines go across, by round numbers unless they are given. */
  readonly across?: readonly number[];
  readonly words: (value: number) => string;
  readonly goal?: { readonly value: number; readonly words: string };
  /** What changed, by the place of the point from which on it holds. */
  readonly changes?: readonly { readonly at: number; readonly words: string }[];
  /** A band from low to high, or a stroke at each point. */
  readonly spread: 'band' | 'strokes';
}

export const lines = ({ label: name, points, across, words, goal, changes = [], spread }: Lines): SVGElement => {
  const highest = Math.max(goal?.value ?? 0, ...points.map(({ value, high }) => high ?? value ?? 0));
  const at = across ?? steps(highest);
  const y = scale(at.at(-1) || 1);
  const x = (index: number): number =>
    points.length < 2 ? (LEFT + RIGHT) / 2 : LEFT + (index / (points.length - 1)) * (RIGHT - LEFT);
  const most = Math.max(1, ...points.map(({ n }) => n));
  const every = Math.max(1, Math.ceil(points.length / 6));
  return frame(
    name,
    ...grid(at, y, words),
    ...runs(points).flatMap((run) => {
      const upper = run.map((index) => `${x(index)} ${y(points[index]?.high ?? 0)}`);
      const lower = run.map((index) => `${x(index)} ${y(points[index]?.low ?? 0)}`).reverse();
      const middle = run.map((index) => `${x(index)} ${y(points[index]?.value ?? 0)}`);
      const strokes = run.map((index) =>
        svg('line', {
          x1: x(index),
          x2: x(index),
          y1: y(points[index]?.low ?? 0),
          y2: y(points[index]?.high ?? 0),
          class: 'spread',
        }),
      );
      return [
        ...(spread === 'band' ? [svg('path', { d: `M${[...upper, ...lower].join('L')}Z`, class: 'band' })] : strokes),
        svg('path', { d: `M${middle.join('L')}`, class: 'line' }),
        ...(run.length === 1
          ? [svg('circle', { cx: x(run[0] ?? 0), cy: y(points[run[0] ?? 0]?.value ?? 0), r: 3, class: 'dot' })]
          : []),
      ];
    }),
    ...(goal === undefined
      ? []
      : [
          svg('line', { x1: LEFT, x2: RIGHT, y1: y(goal.value), y2: y(goal.value), class: 'goal' }),
          label(RIGHT, y(goal.value) - 5, goal.words, 'end'),
        ]),
    ...changes.flatMap(({ at: index, words: what }, number) => [
      svg('line', { x1: x(index), x2: x(index), y1: TOP, y2: BOTTOM, class: 'change' }),
      label(x(index) + 5, TOP + 10 + (number % 3) * 12, what, 'start'),
    ]),
    ...points.map(({ n }, index) => {
      const height = (n / most) * 14;
      return svg('rect', { x: x(index) - 4, y: 214 - height, width: 8, height, class: 'count' });
    }),
    ...points.flatMap(({ name: below }, index) =>
      index % every === 0 ? [label(x(index), HEIGHT - 3, below, index === 0 ? 'start' : 'middle')] : [],
    ),
  );
};

/** The places of points with figures that stand beside each other. */
const runs = (points: readonly Point[]): readonly (readonly number[])[] => {
  const all: number[][] = [];
  for (const [index, { value }] of points.entries()) {
    if (value === null) continue;
    const last = all.at(-1);
    if (last !== undefined && last.at(-1) === index - 1) last.push(index);
    else all.push([index]);
  }
  return all;
};

export interface Bars {
  readonly label: string;
  readonly bars: readonly { readonly name: string; readonly share: number }[];
  readonly words: (share: number) => string;
  /** What the names below are. */
  readonly below: string;
  /** A line behind so many bars. */
  readonly goal?: { readonly after: number; readonly words: string };
}

export const bars = ({ label: name, bars: all, words, below, goal }: Bars): SVGElement => {
  const at = steps(Math.max(0.01, ...all.map(({ share }) => share)));
  const y = scale(at.at(-1) || 1);
  const wide = (RIGHT - LEFT) / Math.max(1, all.length);
  return frame(
    name,
    ...grid(at, y, words),
    ...all.flatMap(({ name: under, share }, index) => [
      svg('rect', {
        x: LEFT + index * wide + 2,
        y: y(share),
        width: Math.max(1, wide - 4),
        height: BOTTOM - y(share),
        class: 'bar',
      }),
      label(LEFT + (index + 0.5) * wide, BOTTOM + 14, under, 'middle'),
    ]),
    label(RIGHT, HEIGHT - 8, below, 'end'),
    ...(goal === undefined
      ? []
      : [
          svg('line', {
            x1: LEFT + goal.after * wide,
            x2: LEFT + goal.after * wide,
            y1: TOP,
            y2: BOTTOM,
            class: 'goal',
          }),
          label(LEFT + goal.after * wide + 5, TOP + 8, goal.words, 'start'),
        ]),
  );
};
