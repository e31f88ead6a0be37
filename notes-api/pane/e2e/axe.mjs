// axe-core in every state: light and dark, as it is, at 200 % and at 400 %. And nothing goes out of reach when enlarged.

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { walk } from './states.mjs';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A screen of 1280 by 1024, enlarged: what is left of it in CSS pixels. The first is the pane beside a case. */
const SIZES = [
  ['100', { width: 420, height: 900 }],
  ['200', { width: 640, height: 512 }],
  ['400', { width: 320, height: 256 }],
];

const SCHEMES = ['light', 'dark'];

/** Walks through every state; tells of each fault where it was found, and how many looks there were. */
export const looked = async (world, { each = async () => undefined } = {}) => {
  const faults = [];
  let looks = 0;
  await walk(world, async (name, page) => {
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      for (const [zoom, size] of SIZES) {
        await page.setViewportSize(size);
        // The pane lays out its margins a frame later.
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        looks += 1;
        for (const what of [...(await violations(page)), ...(await page.evaluate(lost))])
          faults.push({ where: `${name} ${colorScheme} ${zoom} %`, what });
        await each(`${name}-${colorScheme}-${zoom}`, page);
      }
    }
    await page.setViewportSize(SIZES[0][1]);
    await page.emulateMedia({ colorScheme: 'light' });
  });
  return { faults, looks };
};

const violations = async (page) => {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => [id, nodes.map(({ target, any, all }) => [target, [...any, ...all]])]);
  });
  return found.flatMap(([id, nodes]) =>
    nodes.map(([target, why]) => `${id} ${target.flat().join(' ')} ${why[0]?.message ?? ''}`),
  );
};

/** What enlarging takes away: a page that scrolls sideways, words that are cut off, a control that cannot be brought into view. */
const lost = () => {
  const faults = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) faults.push(`the page is ${scrollWidth} px wide, of ${clientWidth}`);
  const roots = [document, ...[...document.querySelectorAll('*')].flatMap(({ shadowRoot }) => shadowRoot ?? [])];
  const dialog = roots.map((root) => root.querySelector('dialog[open]')).find((one) => one !== null);
  for (const root of dialog === undefined ? roots : [dialog]) {
    for (const one of root.querySelectorAll('button, textarea, input, select, summary, a[href]')) {
      if (!one.checkVisibility() || one.closest('details:not([open]) > :not(summary)') !== null) continue;
      one.scrollIntoView({ block: 'center' });
      const box = one.getBoundingClientRect();
      const name = `${one.tagName.toLowerCase()} "${(one.getAttribute('aria-label') ?? one.textContent ?? '').slice(0, 30)}"`;
      if (box.left < -1 || box.right > clientWidth + 1) faults.push(`${name} is beyond the side`);
      // A part of it that can be pointed at is enough: a line may end below something else.
      const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
      const isThere = [box.left + 8, (box.left + box.right) / 2, box.right - 8].some((x) => {
        const hit = one.getRootNode().elementFromPoint(x, y);
        return hit !== null && (one.contains(hit) || one.labels?.[0]?.contains(hit) === true);
      });
      if (box.bottom < 1 || box.top > innerHeight - 1 || !isThere) faults.push(`${name} cannot be brought into view`);
      if (
        one.scrollWidth > one.clientWidth + 1 &&
        one.tagName !== 'INPUT' &&
        getComputedStyle(one).overflowX !== 'visible'
      )
        faults.push(`${name} is cut off`);
    }
  }
  return [...new Set(faults)];
};
