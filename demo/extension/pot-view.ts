/** One pot on the table: a view of its session, which the worker and other popups change too. */

import type { LiveSession } from 'tabkeep/core';
import { find, findAs, formatSpan, fromTemplate } from '../dom.js';
import { cupsInPot, keepsWarm, pour, teaOf, type Pot } from './kitchen.js';

export class PotView {
  readonly element: HTMLElement = fromTemplate('#pot-template');
  readonly #pot: LiveSession<Pot>;

  constructor(pot: LiveSession<Pot>, attempt: (work: () => Promise<unknown>) => void) {
    this.#pot = pot;
    const { name, colour } = teaOf(pot.data);
    this.element.style.setProperty('--brew', colour);
    find('h3', this.element).textContent = name;
    const acts = { pour: () => pot.update(pour), clear: () => pot.end() };
    for (const [act, work] of Object.entries(acts)) {
      const button = this.#button(act);
      button.setAttribute('aria-label', `${button.textContent}: ${name}`);
      button.addEventListener('click', () => attempt(work));
    }
    pot.subscribe(() => this.show());
    this.show();
  }

  show(): void {
    const { data, status, expiresAt } = this.#pot;
    const left = status === 'active' ? Math.max(0, (expiresAt ?? Infinity) - Date.now()) : 0;
    const isCold = left === 0;
    this.element.dataset['state'] = isCold ? 'cold' : left < keepsWarm / 3 ? 'cooling' : 'warm';
    find('.pot-cups', this.element).textContent =
      data.cups === 0 ? 'empty' : `${data.cups} of ${cupsInPot} cups`;
    find('.ring', this.element).style.setProperty('--left', String(left / keepsWarm));
    find('.pot-left :last-child', this.element).textContent = isCold
      ? 'gone cold'
      : `warm for ${formatSpan(left)}`;
    this.#button('pour').disabled = isCold || data.cups === 0;
    this.#button('clear').disabled = isCold;
  }

  remove(): void {
    this.#pot.close();
    this.element.remove();
  }

  #button(act: string): HTMLButtonElement {
    return findAs(HTMLButtonElement, `[data-act=${act}]`, this.element);
  }
}
