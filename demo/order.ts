/** The data of a session of this shop, and the changes that a customer makes to it. */

import { teas } from './teas.js';

export interface CartLine {
  readonly tea: string;
  quantity: number;
}

export interface Address {
  readonly name: string;
  readonly street: string;
  readonly city: string;
}

export interface Order {
  cart: CartLine[];
  note: string;
  address: Address;
}

export function emptyOrder(): Order {
  return { cart: [], note: '', address: { name: '', street: '', city: '' } };
}

const largestQuantity = 99;

/** Relative, so that two tabs that each add one have added two. */
export function changeQuantity(order: Order, tea: string, by: number): void {
  const line = order.cart.find((each) => each.tea === tea);
  const quantity = Math.min((line?.quantity ?? 0) + by, largestQuantity);
  if (quantity <= 0) removeTea(order, tea);
  else if (line === undefined) order.cart.push({ tea, quantity });
  else line.quantity = quantity;
}

export function removeTea(order: Order, tea: string): void {
  order.cart = order.cart.filter((line) => line.tea !== tea);
}

export function countOf({ cart }: Order): number {
  return cart.reduce((count, { quantity }) => count + quantity, 0);
}

/** In cents. */
export function lineTotal({ tea, quantity }: CartLine): number {
  return (teas.find(({ id }) => id === tea)?.price ?? 0) * quantity;
}

/** In cents. */
export function totalOf({ cart }: Order): number {
  return cart.reduce((total, line) => total + lineTotal(line), 0);
}
