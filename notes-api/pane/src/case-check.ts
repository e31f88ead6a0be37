// What the server finds when numbers of the open case are held against what was said in a call. Pure.
//
// In: the answer of `POST /v1/calls/{id}/case-check`. Out: the numbers that were said and that the case does not have.

import { known, list, number, record, text } from './wire/json';

export interface Foreign {
  readonly kind: 'cpr' | 'cvr';
  /** As it is written in a note. */
  readonly said: string;
  readonly track: 'near' | 'far';
  /** Into the call. */
  readonly startMs: number;
  /** In how many digits it differs from the nearest of the case. */
  readonly differsIn: number;
}

/** Samples of call time in a millisecond. */
const PER_MS = 16;

export const foreign = (value: unknown): readonly Foreign[] =>
  list(record(value, 'body'), 'foreign', (one) => {
    const evidence = record(one.evidence, 'evidence');
    return {
      kind: known(one, 'kind', ['cpr', 'cvr']),
      said: text(one, 'said'),
      track: known(evidence, 'track', ['near', 'far']),
      startMs: number(evidence, 'start') / PER_MS,
      differsIn: number(one, 'differs_in'),
    };
  });
