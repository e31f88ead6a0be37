// Times as people read them. Pure: the time is always passed in.

const two = (value: number): string => String(value).padStart(2, '0');

/** Time into a call: 02:07, or 1:02:07 from one hour on. */
export const intoCall = (ms: number): string => {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
};

/** A length of time: 0:44. */
export const length = (ms: number): string => {
  const all = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(all / 60)}:${two(all % 60)}`;
};

/** The clock on the wall of the PC that took the call: 10:42. */
export const clock = (utcMs: number, offsetS: number): string => {
  const at = new Date(utcMs + offsetS * 1000);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
};

/** The same with seconds: 10:43:07. */
export const clockSeconds = (utcMs: number, offsetS: number): string =>
  `${clock(utcMs, offsetS)}:${two(new Date(utcMs + offsetS * 1000).getUTCSeconds())}`;

/** Whole days since 1970 on that wall, to tell today from yesterday. */
export const day = (utcMs: number, offsetS: number): number => Math.floor((utcMs + offsetS * 1000) / 86_400_000);

/** Day and month: 7.3. */
export const date = (utcMs: number, offsetS: number): string => {
  const at = new Date(utcMs + offsetS * 1000);
  return `${at.getUTCDate()}.${at.getUTCMonth() + 1}.`;
};

/** Seconds with one decimal and the language's mark: 0,8. */
export const seconds = (ms: number, mark: string): string => (Math.max(0, ms) / 1000).toFixed(1).replace('.', mark);
