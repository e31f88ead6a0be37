// The page of correction times: nothing to show, half a year of it, an area of its own, a week that is missing, and in English.

import { same, until } from './browser.mjs';
import { story } from './story.mjs';

/** Numbers that grow better, week by week; none is measured. */
const figures = (week) => {
  const median = 130 - week * 2;
  return {
    n: 900 + ((week * 37) % 90),
    active_correction: {
      n: 800 + ((week * 53) % 110),
      p25_s: median * 0.6,
      p50_s: median,
      p75_s: median * 1.7,
      p90_s: median * 2.4,
      p95_s: median * 3,
      share_under_120_s: 0.45 + week * 0.01,
      sensitivity_p50_s: { 5: median * 0.7, 15: median, 30: median * 1.2, 60: median * 1.4 },
    },
    hang_up_to_whole_draft: { n: 880, p25_s: 0.9, p50_s: 1.4, p75_s: 2.1, p90_s: 3.1, p95_s: 3.9 },
    whole_draft_bins: [0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10, null].map((up_to, at) => ({
      up_to,
      n: [20, 90, 240, 310, 180, 80, 40, 20, 10, 5, 5][at],
    })),
    edits: {
      edit_ratio_bins: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, null].map((up_to, at) => ({
        up_to,
        n: [340, 220, 140, 90, 60, 40, 30, 24, 20, 20, 16][at],
      })),
      rubber_stamp_share: 0.04,
    },
    outcomes: {
      saved_unchanged: 340,
      saved_edited: 500,
      rewritten: 20,
      saved_without_draft: 10,
      unsaved: 12,
      failed: 9,
      discarded: 5,
    },
  };
};

const group = (week) => ({
  key: `2026-W${week}`,
  persons: 41,
  figures: figures(week - 22),
  models: [week < 31 ? 'lille-7b' : 'lille-8b'],
  templates: [week < 39 ? '7 abc' : '7 abd'],
});

const answer = (query) => {
  const by = query.get('group_by');
  const weeks = Array.from({ length: 26 }, (_, at) => at + 22).filter((week) => week !== 30);
  const groups = by === 'week' ? weeks.map(group) : [];
  if (by === 'area') for (const key of ['boligstoette', 'pension']) groups.push({ ...group(47), key });
  return { ...figures(24), persons: 41, groups, cells_left_out: 3 };
};

await story('manager', async ({ fake, page, open, shot }) => {
  await page.getByText('Der er ingen opkald endnu').waitFor();
  const manager = await open('/manager');
  await manager.getByText('Der er ingen tal at vise endnu.').waitFor();
  await shot('nothing', manager);
  fake.corrections = answer;
  await manager.setViewportSize({ width: 1180, height: 960 });
  await manager.reload();
  await manager.getByText('Median rettetid, sidste 4 uger').waitFor();
  same(await manager.locator('.answers b').first().textContent(), '1:22', 'the median');
  same(await manager.locator('.card').count(), 5, 'cards');
  await manager.getByText('ny model').waitFor();
  // A week without figures is a hole in the line, not a line across it.
  same(await manager.locator('.card').first().locator('.line').count(), 2, 'pieces of the line');
  await shot('half-a-year', manager);
  await manager.getByText('Tallene som tabel').first().click();
  same(await manager.locator('.card').first().locator('tbody tr').count(), 25, 'weeks of the table');
  const csv = await manager.getByRole('link', { name: 'CSV' }).getAttribute('href');
  same(decodeURIComponent(csv).split('\r\n').length, 27, 'lines of the CSV');
  await manager.getByLabel('Område').selectOption('pension');
  await manager.getByRole('heading', { name: 'Rettetid, pension' }).waitFor();
  await manager.getByRole('button', { name: 'English' }).click();
  await manager.getByText('Median correction time, last 4 weeks').waitFor();
  await manager.setViewportSize({ width: 320, height: 700 });
  await until('nothing is cut off', () =>
    manager.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
  );
  await shot('narrow', manager);
});
