/** The cart, as it is in every tab. Rows stay the same elements, so that the focus survives what another tab changes. */

import type { CurrentSession } from './current-session.js';
import { find, findAs, fromTemplate } from './dom.js';
import { changeQuantity, countOf, lineTotal, removeTea, totalOf } from './order.js';
import type { CartLine, Order } from './order.js';
import { attempt } from './status-line.js';
import { formatPrice, teas } from './teas.js';

export function mountCart(session: CurrentSession): void {
  const list = find('#cart-list');
  const heading = find('#cart-heading');
  const rows = new Map<string, HTMLElement>();

  session.follow(() => {
    const { cart } = session.live.data;
    for (const [tea, row] of rows) {
      if (cart.some((line) => line.tea === tea)) continue;
      if (row.contains(document.activeElement)) heading.focus();
      row.remove();
      rows.delete(tea);
    }
    for (const line of cart) {
      const row = rows.get(line.tea) ?? list.appendChild(cartRow(line.tea, session));
      rows.set(line.tea, row);
      showLine(row, line);
    }
    showSum(session.live.data);
  });
}

function cartRow(tea: string, session: CurrentSession): HTMLElement {
  const row = fromTemplate('#cart-line-template');
  const { name = tea, colour = '', drawing = 'tin' } = teas.find(({ id }) => id === tea) ?? {};
  row.dataset['tea'] = tea;
  row.style.setProperty('--brew', colour);
  findAs(SVGUseElement, 'use', row).setAttribute('href', `#drawing-${drawing}`);
  find('.line-name', row).textContent = name;

  const onClick = (action: string, label: string, change: (order: Order) => void): void => {
    const button = find(`[data-action="${action}"]`, row);
    button.setAttribute('aria-label', label);
    button.addEventListener('click', () => attempt(() => session.live.update(change)));
  };
  onClick('less', `One ${name} less`, (order) => changeQuantity(order, tea, -1));
  onClick('more', `One ${name} more`, (order) => changeQuantity(order, tea, 1));
  onClick('remove', `Remove ${name}`, (order) => removeTea(order, tea));
  return row;
}

function showLine(row: HTMLElement, line: CartLine): void {
  find('.line-quantity', row).textContent = String(line.quantity);
  find('.line-total', row).textContent = formatPrice(lineTotal(line));
}

function showSum(order: Order): void {
  const count = countOf(order);
  find('#cart-count').textContent = String(count);
  find('#cart-total').textContent = formatPrice(totalOf(order));
  find('#cart-empty').hidden = count > 0;
  find('#cart-sum').hidden = count === 0;
}
