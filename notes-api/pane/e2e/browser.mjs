// Headless Chromium, its screenshots, and steps that say what they wait for.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'];

const settings = () => {
  const executablePath = process.env.CHROMIUM ?? PATHS.find(existsSync);
  if (executablePath === undefined) throw new Error('Chromium is not installed: apt-get install chromium');
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  return { executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet] };
};

/** A browser that asks nobody but the server under test. */
export const launch = () => chromium.launch(settings());

/** One whose user allows frames of other sites their cookies and storage, or forbids them. */
export const thirdPartyCookies = (are) => (options) => {
  const folder = 'dist-test/profile';
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(`${folder}/Default`, { recursive: true });
  const isBlocked = are === 'blocked';
  const profile = { cookie_controls_mode: isBlocked ? 1 : 0, block_third_party_cookies: isBlocked };
  writeFileSync(`${folder}/Default/Preferences`, JSON.stringify({ profile }));
  return chromium.launchPersistentContext(folder, { ...settings(), ...options });
};

export const screenshots = (folder) => {
  mkdirSync(folder, { recursive: true });
  let number = 0;
  return async (page, name) => {
    number += 1;
    await page.screenshot({ path: `${folder}/${String(number).padStart(2, '0')}-${name}.png` });
  };
};

/** Everything a page complains of: a test fails on it. */
export const complaints = (page) => {
  const found = [];
  page.on('console', (message) => {
    // A server that is away or says no is part of some stories; the browser reports each by itself.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) found.push(message.text());
  });
  page.on('pageerror', (error) => found.push(String(error)));
  return found;
};

export const until = async (what, wanted, patienceMs = 8_000) => {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await wanted();
    if (found) return found;
    if (Date.now() > end) throw new Error(`did not come within ${patienceMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

export const same = (found, expected, what) => {
  if (found !== expected)
    throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
};
