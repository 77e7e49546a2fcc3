import { describe, expect, it, vi } from 'vitest';
import { FakePage } from '../../test/fake-page.js';
import { fakeClock } from '../testing/fake-clock.js';
import { onWake } from './wake.js';

function watched() {
  const page = new FakePage();
  const clock = fakeClock();
  const callback = vi.fn<() => void>();
  return { page, clock, callback, stop: onWake(callback, page, clock) };
}

describe('onWake', () => {
  it.each<[string, (page: FakePage) => void]>([
    ['is shown', (page) => page.show('visible')],
    ['is focused', (page) => page.fire('focus')],
    ['comes back from the back button', (page) => page.fire('pageshow')],
    ['is online again', (page) => page.fire('online')],
    ['is resumed', (page) => page.resume()],
  ])('R11: calls back when the page %s', async (_, play) => {
    const { page, clock, callback } = watched();
    play(page);
    await clock.advance(0);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('does not call back when the page is hidden', async () => {
    const { page, clock, callback } = watched();
    page.show('hidden');
    page.fire('pagehide', 'blur', 'offline');
    await clock.advance(0);
    expect(callback).not.toHaveBeenCalled();
  });

  it('makes one call of the events of one turn, and another of the next', async () => {
    const { page, clock, callback } = watched();
    page.resume();
    page.show('visible');
    page.fire('pageshow', 'focus', 'online');
    await clock.advance(0);
    expect(callback).toHaveBeenCalledTimes(1);
    page.fire('focus');
    await clock.advance(0);
    expect(callback).toHaveBeenCalledTimes(2);
  });

  it('stops', async () => {
    const { page, clock, callback, stop } = watched();
    stop();
    page.show('visible');
    page.fire('pageshow', 'focus', 'online');
    page.resume();
    await clock.advance(0);
    expect(callback).not.toHaveBeenCalled();
  });

  it('stops between an event and its call as well', async () => {
    const { page, clock, callback, stop } = watched();
    page.fire('focus');
    stop();
    page.fire('focus');
    page.resume();
    expect(clock.waiting).toBe(0);
    await clock.advance(0);
    expect(callback).not.toHaveBeenCalled();
  });

  it('works in a worker, which has no document, and in Node, which has no events', async () => {
    const worker = new EventTarget();
    const clock = fakeClock();
    const callback = vi.fn<() => void>();
    onWake(callback, { global: worker, document: undefined }, clock);
    worker.dispatchEvent(new Event('online'));
    await clock.advance(0);
    expect(callback).toHaveBeenCalledTimes(1);
    expect(() => onWake(callback)()).not.toThrow();
  });
});
