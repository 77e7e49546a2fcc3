/**
 * The note to the shop, typed in several tabs at once. What is stored is the truth; the field may be ahead of it by what
 * was typed since. Every save puts that, and nothing else, on top of what the others have stored meanwhile.
 */

import type { LiveSession } from 'tabkeep';
import type { CurrentSession } from './current-session.js';
import { find, findAs, formatTime } from './dom.js';
import type { Order } from './order.js';
import { report } from './status-line.js';
import { mergeText, moveCaret } from './text-merge.js';

export function mountNote(session: CurrentSession): void {
  let note = new SharedNote(session.live);
  session.follow(() => {
    if (note.live === session.live) note.refresh();
    else note = note.handOver(session.live);
  });
}

const pauseBetweenSaves = 120;

class SharedNote {
  readonly live: LiveSession<Order>;
  readonly #field = findAs(HTMLTextAreaElement, '#note');
  readonly #hint = find('#note-hint');
  readonly #over = new AbortController();
  /** The stored text that the field was last brought in line with. */
  #base: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSaving = false;
  #isComposing = false;

  constructor(live: LiveSession<Order>) {
    this.live = live;
    this.#base = live.data.note;
    this.#field.value = this.#base;
    this.#hint.textContent = '';
    const { signal } = this.#over;
    this.#field.addEventListener('input', () => this.#saveSoon(), { signal });
    this.#field.addEventListener('change', () => this.#saveNow(), { signal });
    document.addEventListener('visibilitychange', () => this.#saveNow(), { signal });
    this.#field.addEventListener('compositionstart', () => (this.#isComposing = true), { signal });
    this.#field.addEventListener('compositionend', () => this.#endComposition(), { signal });
  }

  handOver(next: LiveSession<Order>): SharedNote {
    this.#over.abort();
    clearTimeout(this.#timer);
    return new SharedNote(next);
  }

  /** Takes over what other tabs have typed. */
  refresh(): void {
    // A save under way looks by itself; and changing the text under an input method would break the word being composed.
    if (this.#isSaving || this.#isComposing) return;
    const stored = this.live.data.note;
    if (stored === this.#base) return;
    this.#show(mergeText(this.#base, this.#field.value, stored));
    this.#base = stored;
    this.#tell(`Edited in another tab at ${formatTime(Date.now())}`, 'elsewhere');
  }

  #saveSoon(): void {
    this.#timer ??= setTimeout(() => this.#saveNow(), pauseBetweenSaves);
  }

  #saveNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#save().catch(report);
  }

  async #save(): Promise<void> {
    const base = this.#base;
    const typed = this.#field.value;
    if (typed === base || this.#isSaving || this.live.status !== 'active') return;
    this.#isSaving = true;
    try {
      await this.live.update((order) => {
        order.note = mergeText(base, typed, order.note);
      });
      this.#base = typed;
      this.#tell(`Saved as version ${this.live.version}`, 'here');
    } finally {
      this.#isSaving = false;
    }
    this.refresh();
    if (this.#field.value !== this.#base) this.#saveSoon();
  }

  #endComposition(): void {
    this.#isComposing = false;
    this.refresh();
  }

  #show(text: string): void {
    const field = this.#field;
    const { value, selectionStart, selectionEnd } = field;
    if (text === value) return;
    field.value = text;
    const start = moveCaret(selectionStart, value, text);
    const end = moveCaret(selectionEnd, value, text);
    field.setSelectionRange(start, end);
  }

  #tell(text: string, origin: 'here' | 'elsewhere'): void {
    this.#hint.textContent = text;
    this.#hint.dataset['origin'] = origin;
  }
}
