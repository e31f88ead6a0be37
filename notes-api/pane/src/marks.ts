// The shape beside each state, so that colour is never the only sign.

import type { Headline } from './questions';

export type Tone = 'good' | 'act' | 'warn' | 'bad' | 'done' | 'quiet';

export const TONES: Readonly<Record<Headline, Tone>> = {
  listening: 'good',
  catching_up: 'warn',
  offline: 'warn',
  no_contact: 'warn',
  offline_keeping: 'warn',
  text_behind: 'warn',
  transcription_down: 'bad',
  unauthorised: 'bad',
  no_sound_near: 'bad',
  no_sound_far: 'bad',
  disk_full: 'bad',
  draft_failed: 'bad',
  transcribing: 'act',
  drafting: 'act',
  draft_ready: 'act',
  amending: 'act',
  saved: 'done',
  starting: 'quiet',
  paused: 'quiet',
  awaiting_consent: 'quiet',
  not_allowed: 'quiet',
  discarded: 'quiet',
};

/** Paths in a square of 12. */
const SHAPES: Readonly<Record<Tone, string>> = {
  good: 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1z', // disc
  act: 'M6 0l6 6-6 6-6-6z', // diamond
  warn: 'M6 .5L12 11.5H0z', // triangle
  bad: 'M1 1h10v10H1z', // square
  done: 'M4.6 10.6L.6 6.6l1.6-1.6 2.4 2.4L9.9 1.9l1.6 1.6z', // tick
  quiet: 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1zm0 2a3 3 0 1 1 0 6 3 3 0 1 1 0-6z', // ring
};

const SVG = 'http://www.w3.org/2000/svg';

export const mark = (tone: Tone): SVGSVGElement => {
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ class: 'mark', viewBox: '0 0 12 12', 'aria-hidden': 'true' }))
    svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', SHAPES[tone]);
  path.setAttribute('fill', 'currentColor');
  path.setAttribute('fill-rule', 'evenodd');
  svg.append(path);
  return svg;
};
