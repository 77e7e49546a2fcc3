import type { Page } from '../src/sync/wake.js';

/** A page whose life a test plays. */
export class FakePage implements Page {
  readonly global = new EventTarget();
  readonly document: EventTarget & { visibilityState: DocumentVisibilityState } = Object.assign(
    new EventTarget(),
    { visibilityState: 'hidden' as const },
  );

  fire(...types: string[]): void {
    for (const type of types) this.global.dispatchEvent(new Event(type));
  }

  show(visibilityState: DocumentVisibilityState): void {
    this.document.visibilityState = visibilityState;
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  resume(): void {
    this.document.dispatchEvent(new Event('resume'));
  }
}
