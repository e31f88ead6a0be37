// Server-sent events out of the pieces that a connection gives (WHATWG HTML, 9.2.6). Pure.

export interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export class Messages {
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];

  /** The messages that are whole after `piece`. */
  push(piece: string): readonly Message[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): readonly Message[] {
    if (line === '') return this.#whole();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.#data.push(value);
    else if (field === 'event') this.#event = value;
    else if (field === 'id') this.#id = value;
    return [];
  }

  #whole(): readonly Message[] {
    const message = { id: this.#id, event: this.#event, data: this.#data.join('\n') };
    const empty = this.#data.length === 0;
    this.#id = '';
    this.#event = '';
    this.#data = [];
    return empty ? [] : [message];
  }
}
