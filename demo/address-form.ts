/**
 * The delivery address, edited from one version on. When somebody else has saved another address meanwhile, both are
 * shown and the customer decides.
 */

import { isSessionError } from 'tabkeep';
import type { Session } from 'tabkeep';
import type { CurrentSession } from './current-session.js';
import { find, findAs } from './dom.js';
import type { Address, Order } from './order.js';
import { openShopStore } from './shop-store.js';
import { attempt, report, say } from './status-line.js';

const fields = ['name', 'street', 'city'] as const;

const otherAddresses: readonly Address[] = [
  { name: 'Robin Teasdale', street: '3 Harbour Lane', city: 'Bristol' },
  { name: 'Robin Teasdale', street: '41 Orchard Row', city: 'Bath' },
];

export function mountAddress(session: CurrentSession): void {
  const form = new AddressForm(session);
  find('#edit-address').addEventListener('click', () => attempt(() => form.open()));
  session.follow(() => {
    const { address } = session.live.data;
    find('#address').textContent = oneLine(address) || 'No address yet';
    if (session.live.status !== 'active') form.close();
  });
}

class AddressForm {
  readonly #session: CurrentSession;
  readonly #dialog = findAs(HTMLDialogElement, '#address-dialog');
  readonly #form = findAs(HTMLFormElement, '#address-form');
  readonly #conflict = find('#conflict');
  /** The session that the form was filled from. */
  #loaded: Session<Order> | undefined;
  /** What another writer had saved before us. */
  #theirs: Session<Order> | undefined;

  constructor(session: CurrentSession) {
    this.#session = session;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      attempt(() => this.#save(this.#loaded));
    });
    const onClick = (button: string, work: () => unknown): void =>
      find(button).addEventListener('click', () => attempt(work));
    onClick('#address-cancel', () => this.close());
    onClick('#write-elsewhere', () => this.#letAnotherTabWrite());
    onClick('#keep-theirs', () => this.#finish('Their address stays.'));
    onClick('#save-mine', () => this.#save(this.#theirs));
    session.follow(() => this.#showVersions());
  }

  async open(): Promise<void> {
    this.#loaded = await this.#session.store.load(this.#session.live.id);
    if (this.#loaded === undefined) return;
    for (const field of fields) this.#input(field).value = this.#loaded.data.address[field];
    this.#theirs = undefined;
    this.#showVersions();
    this.#turnTo(this.#form);
    this.#dialog.showModal();
  }

  close(): void {
    this.#dialog.close();
  }

  /** Saves on top of the version that the customer has seen, and of no other. */
  async #save(seen: Session<Order> | undefined): Promise<void> {
    if (seen === undefined) return;
    const { store, live } = this.#session;
    const address = this.#typed();
    try {
      const saved = await store.saveIfVersion(live.id, { ...seen.data, address }, seen.version);
      this.#finish(`Address saved as version ${saved.version}.`);
    } catch (error) {
      if (!isSessionError(error, 'VERSION_CONFLICT') || error.current === undefined) throw error;
      const theirs = error.current as Session<Order>;
      // The version counts every change of the session. If only the cart has changed, nobody has to decide anything.
      if (oneLine(theirs.data.address) === oneLine(seen.data.address)) await this.#save(theirs);
      else this.#showConflict(theirs, seen.version);
    }
  }

  /** A second store on the same records is to this one what a second tab is. */
  async #letAnotherTabWrite(): Promise<void> {
    const { store, live } = this.#session;
    const isShared = store.backend.capabilities.shared !== 'tab';
    const other = isShared ? await openShopStore(report) : store;
    try {
      await other.update(live.id, (order) => {
        order.address =
          otherAddresses.find(({ city }) => city !== order.address.city) ?? order.address;
      });
    } finally {
      if (isShared) await other.close();
    }
  }

  #finish(news: string): void {
    this.close();
    say(news);
  }

  #showConflict(theirs: Session<Order>, expected: number): void {
    this.#theirs = theirs;
    fillCard('#conflict-mine', this.#typed(), theirs.data.address);
    fillCard('#conflict-theirs', theirs.data.address, this.#typed());
    for (const place of document.querySelectorAll('.conflict-expected'))
      place.textContent = String(expected);
    for (const place of document.querySelectorAll('.conflict-actual'))
      place.textContent = String(theirs.version);
    this.#turnTo(this.#conflict);
    find('#conflict-title').focus();
  }

  #turnTo(page: HTMLElement): void {
    this.#form.hidden = page !== this.#form;
    this.#conflict.hidden = page !== this.#conflict;
  }

  #showVersions(): void {
    const loaded = this.#loaded?.version ?? 0;
    const now = this.#session.live.version;
    find('#loaded-version').textContent = String(loaded);
    find('#stored-version').textContent = String(Math.max(now, loaded));
  }

  #typed(): Address {
    const text = (field: keyof Address): string => this.#input(field).value.trim();
    return { name: text('name'), street: text('street'), city: text('city') };
  }

  #input(field: keyof Address): HTMLInputElement {
    return findAs(HTMLInputElement, `#address-${field}`);
  }
}

function oneLine({ name, street, city }: Address): string {
  return [name, street, city].filter(Boolean).join(', ');
}

function fillCard(selector: string, address: Address, other: Address): void {
  for (const field of fields) {
    const line = find(`[data-field="${field}"]`, find(selector));
    line.textContent = address[field] || '–';
    line.dataset['differs'] = String(address[field] !== other[field]);
  }
}
