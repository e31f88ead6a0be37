// A little arithmetic of the manager's page. Pure.

/** The interval of Wilson, 95 %, around a share of `n` values; from 0 to 1. */
export const wilson = (share: number, n: number): readonly [number, number] => {
  if (n === 0) return [0, 1];
  const z = 1.959964;
  const middle = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
};

/** Every week from the first to the last, `2026-W47`, with those of which there are no figures. */
export const weeksBetween = (first: string, last: string): readonly string[] => {
  const weeks = [];
  for (let monday = mondayOf(first); monday <= mondayOf(last); monday += 7 * DAY_MS) weeks.push(weekOf(monday));
  return weeks;
};

const DAY_MS = 24 * 3_600_000;

/** The Monday of a week of ISO 8601, UTC. */
const mondayOf = (week: string): number => {
  const [year = 0, number = 0] = week.split('-W').map(Number);
  const fourth = Date.UTC(year, 0, 4);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS + (number - 1) * 7 * DAY_MS;
};

const weekOf = (monday: number): string => {
  const thursday = monday + 3 * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  const number = Math.round((monday - mondayOf(`${year}-W01`)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(number).padStart(2, '0')}`;
};

/** Round numbers up to at least `most`, at most six of them. */
export const steps = (most: number): readonly number[] => {
  const rough = Math.max(most, 1e-9) / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * size).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, at) => at * step);
};
