// Fetches what few need at once: the help sheet and the versions of a note (more.ts), when they are asked for.
//
// A fetch that failed is tried again the next time.

type Loaded = typeof import('./more');

export class More {
  #loading: Promise<Loaded> | null = null;

  async get(): Promise<Loaded | null> {
    // A name that is not written out stays a file of its own, beside this script.
    this.#loading ??= import(new URL('more.js', import.meta.url).href) as Promise<Loaded>;
    try {
      return await this.#loading;
    } catch {
      this.#loading = null;
      return null;
    }
  }
}
