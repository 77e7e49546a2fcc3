/** A storage area of which every tab has its own copy, as localStorage is in browsers of several processes. */

import type { Pipe } from './pipe.js';

/** What the browser itself knows. */
export class SimulatedStorageArea {
  readonly #values = new Map<string, string>();
  readonly #views: View[] = [];
  readonly #quota: number;
  readonly #newPipe: () => Pipe;

  constructor(quota: number, newPipe: () => Pipe) {
    this.#quota = quota;
    this.#newPipe = newPipe;
  }

  /** A tab that begins with a fresh copy. */
  open(): { readonly storage: Storage; readonly news: Pipe; readonly kill: () => void } {
    const toArea = this.#newPipe();
    const toTab = this.#newPipe();
    const write: Write = (key, value) => toArea.send(() => this.#apply(view, key, value));
    const view = new View(new Map(this.#values), this.#quota, write, toArea, toTab);
    this.#views.push(view);
    return { storage: view, news: toTab, kill: () => view.kill() };
  }

  settle(): void {
    for (const { toArea } of this.#views) toArea.flush();
    for (const { toTab } of this.#views) toTab.flush();
  }

  #apply(writer: View, key: string, value: string | null): void {
    put(this.#values, key, value);
    for (const view of this.#views) view.toTab.send(() => view.receive(writer, key, value));
  }
}

type Write = (key: string, value: string | null) => void;

/** What one tab knows. */
class View {
  readonly toArea: Pipe;
  readonly toTab: Pipe;
  readonly #values: Map<string, string>;
  readonly #quota: number;
  readonly #send: Write;
  /** How many own writes of a key are not confirmed yet; until then news of it from others are older than they. */
  readonly #unconfirmed = new Map<string, number>();
  #isDead = false;

  constructor(values: Map<string, string>, quota: number, send: Write, toArea: Pipe, toTab: Pipe) {
    this.#values = values;
    this.#quota = quota;
    this.#send = send;
    this.toArea = toArea;
    this.toTab = toTab;
  }

  get length(): number {
    return this.#current().size;
  }

  key(index: number): string | null {
    return [...this.#current().keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#current().get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#write(key, value);
  }

  removeItem(key: string): void {
    this.#write(key, null);
  }

  clear(): void {
    for (const key of this.#current().keys()) this.#write(key, null);
  }

  receive(writer: View, key: string, value: string | null): void {
    const unconfirmed = this.#unconfirmed.get(key) ?? 0;
    if (writer === this) this.#unconfirmed.set(key, unconfirmed - 1);
    else if (unconfirmed === 0) put(this.#values, key, value);
  }

  kill(): void {
    this.#isDead = true;
  }

  #current(): Map<string, string> {
    if (this.#isDead) throw new Error('This tab has been killed.');
    return this.#values;
  }

  #write(key: string, value: string | null): void {
    const values = this.#current();
    const before = values.get(key) ?? null;
    if (before === value) return;
    if (sizeOf(key, value) > sizeOf(key, before)) this.#checkRoom(key, value);
    put(values, key, value);
    this.#unconfirmed.set(key, (this.#unconfirmed.get(key) ?? 0) + 1);
    this.#send(key, value);
  }

  #checkRoom(key: string, value: string | null): void {
    let size = sizeOf(key, value);
    for (const [other, stored] of this.#values) if (other !== key) size += sizeOf(other, stored);
    if (size > this.#quota) throw new DOMException('There is no room.', 'QuotaExceededError');
  }
}

function put(values: Map<string, string>, key: string, value: string | null): void {
  if (value === null) values.delete(key);
  else values.set(key, value);
}

function sizeOf(key: string, value: string | null): number {
  return value === null ? 0 : key.length + value.length;
}
