// What the stories of the frame have in common: a page of the made-up case system, the frame in it, and what they see of each other.

import { until } from './browser.mjs';
import { CASE_SYSTEM_KEY } from './fake.mjs';
import { Host } from './host.mjs';
import { drafted, story, talk } from './story.mjs';

export const CASE = '2026-114823';
export const OTHER = '2026-200417';
export const NARROW = { width: 400, height: 900 };
export const BROAD = { width: 1360, height: 900 };

/** A story on a page of the made-up case system. */
export const hosted = (name, tell, options = {}) =>
  story(
    name,
    async (told) => {
      const host = new Host(told.url, CASE_SYSTEM_KEY);
      told.fake.origins = [await host.listen()];
      try {
        // The frame has said its height, and the page has drawn it.
        const shot = async (step) => {
          await new Promise((resolve) => setTimeout(resolve, 600));
          await told.shot(step);
        };
        await tell({ ...told, host, shot });
      } finally {
        host.close();
      }
    },
    { size: NARROW, address: '/embed', ...options },
  );

export const frameOf = (page, fragment = '/embed') =>
  until('the frame', () => page.frames().find((frame) => frame !== page.mainFrame() && frame.url().includes(fragment)));
export const sees = (frame, words) => frame.getByText(words).first().waitFor();
export const inState = (frame, words) => frame.locator('.state strong').filter({ hasText: words }).waitFor();
export const field = (frame, section) => frame.locator(`textarea[data-section="${section}"]`);

export const visit = async ({ page, host }) => {
  await page.goto(host.origin);
  await page.evaluate(() => {
    window.heard = [];
    for (const name of ['draft-ready', 'note-saved', 'state', 'launch-failed']) {
      document.querySelector('referent-pane').addEventListener(name, ({ detail }) => window.heard.push([name, detail]));
    }
  });
  return frameOf(page);
};
export const open = (page, caseId) =>
  page.evaluate((id) => document.querySelector('referent-pane').setAttribute('case-id', id), caseId);
export const ended = (fake, options = {}) => {
  const call = fake.begin({ agoMs: 252_000, ...options });
  talk(fake, call);
  fake.hangUp(call, 252_000);
  drafted(fake, call);
  fake.finish(call);
  return call;
};
/** The events of the element that the page had since. */
export const heardBy = (page) => page.evaluate(() => window.heard);

/** The numbers of the open case, as its page would set them. */
export const identify = (page, identifiers) =>
  page.evaluate((given) => {
    document.querySelector('referent-pane').identifiers = given;
  }, identifiers);
export const OWN = { kind: 'cpr', value: '610564-1234' };
export const spoken = (said, differs) => ({
  kind: 'cpr',
  said,
  evidence: { track: 'far', start: 192_000 },
  differs_in: differs,
});
