// A field of the server's JSON as the type it should have, or `BadMessage` with the field's name.

export class BadMessage extends Error {
  constructor(field: string) {
    super(`the server's answer has no usable "${field}"`);
  }
}

export type Json = Readonly<Record<string, unknown>>;

export const record = (value: unknown, field: string): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadMessage(field);
  return value as Json;
};
export const text = (from: Json, field: string): string => {
  const value = from[field];
  if (typeof value !== 'string') throw new BadMessage(field);
  return value;
};
export const textOrNull = (from: Json, field: string): string | null =>
  from[field] == null ? null : text(from, field);
export const number = (from: Json, field: string): number => {
  const value = from[field];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new BadMessage(field);
  return value;
};
export const numberOrNull = (from: Json, field: string): number | null =>
  from[field] == null ? null : number(from, field);
export const list = <T>(from: Json, field: string, each: (value: Json) => T): readonly T[] => {
  const value = from[field];
  if (!Array.isArray(value)) throw new BadMessage(field);
  return value.map((item) => each(record(item, field)));
};
export const listOrNone = <T>(from: Json, field: string, each: (value: Json) => T): readonly T[] =>
  from[field] == null ? [] : list(from, field, each);
export const maybe = <T>(from: Json, field: string, read: (value: Json) => T): T | null =>
  from[field] == null ? null : read(record(from[field], field));
export const known = <T extends string>(from: Json, field: string, of: readonly T[]): T => {
  const found = of.find((value) => value === from[field]);
  if (found === undefined) throw new BadMessage(field);
  return found;
};
export const knownOr = <T extends string>(value: unknown, of: readonly T[], otherwise: T): T =>
  of.find((candidate) => candidate === value) ?? otherwise;
