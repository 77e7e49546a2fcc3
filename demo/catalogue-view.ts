/** The teas on the shelf. Adding one is relative, so two tabs that add at once have added two. */

import type { CurrentSession } from './current-session.js';
import { find, findAs, fromTemplate } from './dom.js';
import { changeQuantity } from './order.js';
import { attempt, say } from './status-line.js';
import { formatPrice, teas, type Tea } from './teas.js';

export function mountCatalogue(session: CurrentSession): void {
  const add = ({ id, name }: Tea): void =>
    attempt(async () => {
      await session.live.update((order) => changeQuantity(order, id, 1));
      say(`${name} is in your cart.`);
    });
  find('#tea-list').replaceChildren(...teas.map((tea) => teaCard(tea, add)));
}

function teaCard(tea: Tea, add: (tea: Tea) => void): HTMLElement {
  const card = fromTemplate('#tea-template');
  card.dataset['tea'] = tea.id;
  card.style.setProperty('--brew', tea.colour);
  findAs(SVGUseElement, 'use', card).setAttribute('href', `#drawing-${tea.drawing}`);
  find('.tea-name', card).textContent = tea.name;
  find('.tea-origin', card).textContent = tea.origin;
  find('.tea-taste', card).textContent = tea.taste;
  find('.tea-price', card).textContent = formatPrice(tea.price);
  find('.tea-added', card).textContent = `${tea.name} to the cart`;
  find('button', card).addEventListener('click', () => add(tea));
  return card;
}
