// Registers the element, apart from it, so that a host may choose another name.

import { NotePane } from './note-pane';

customElements.define('note-pane', NotePane);

declare global {
  interface HTMLElementTagNameMap {
    'note-pane': NotePane;
  }
}
