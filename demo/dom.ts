/** The page: its own elements, which index.html promises to have, and how it writes times. */

export function find(selector: string, within: ParentNode = document): HTMLElement {
  return findAs(HTMLElement, selector, within);
}

/** @throws TypeError when there is none of that kind: then index.html and the code have parted */
export function findAs<Kind extends Element>(
  kind: new () => Kind,
  selector: string,
  within: ParentNode = document,
): Kind {
  const found = within.querySelector(selector);
  if (found instanceof kind) return found;
  throw new TypeError(`The page has no ${kind.name} ${selector}.`);
}

/** A copy of the one element in the template. */
export function fromTemplate(selector: string): HTMLElement {
  const { content } = findAs(HTMLTemplateElement, selector);
  return document.importNode(find('*', content), true);
}

const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

export function formatTime(time: number): string {
  return clockTime.format(time);
}

/** Minutes and seconds. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
