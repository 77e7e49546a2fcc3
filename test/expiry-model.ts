/** R6 written down once more, and apart from the code that it judges: which sessions live, and until when. */

import type { Session, Ttl } from '../src/session.js';

export interface ModelSession {
  createdAt: number;
  touchedAt: number;
  idle: number | null;
  absolute: number | null;
  owner: string | null;
  /** `Infinity`: never. */
  end: number;
}

export class ExpiryModel {
  /** What has not been ended by anybody; it may have expired. */
  readonly sessions = new Map<string, ModelSession>();

  lives(id: string, now: number): boolean {
    const session = this.sessions.get(id);
    return session !== undefined && now < session.end;
  }

  living(now: number, owner?: string): string[] {
    const ids = [...this.sessions.keys()].filter((id) => this.lives(id, now));
    return ids.filter((id) => owner === undefined || this.sessions.get(id)!.owner === owner).sort();
  }

  /** A write that was accepted. */
  write(id: string, now: number, ttl: Ttl = {}, owner?: string): void {
    const before = this.lives(id, now) ? this.sessions.get(id)! : undefined;
    const createdAt = before?.createdAt ?? now;
    const idle = ttl.idle === undefined ? (before?.idle ?? null) : ttl.idle;
    const absolute = ttl.absolute === undefined ? (before?.absolute ?? null) : ttl.absolute;
    this.sessions.set(id, {
      createdAt,
      touchedAt: now,
      idle,
      absolute,
      owner: owner ?? before?.owner ?? null,
      end: endOf(now, createdAt, idle, absolute),
    });
  }

  touch(id: string, now: number): void {
    const session = this.sessions.get(id)!;
    const { createdAt, idle, absolute, touchedAt } = session;
    const end = endOf(now, createdAt, idle, absolute);
    if (idle === null || end <= session.end || now - touchedAt < idle / 10) return;
    session.touchedAt = now;
    session.end = end;
  }

  rotate(id: string, successor: string, now: number): void {
    const { createdAt, idle, absolute, owner } = this.sessions.get(id)!;
    this.sessions.delete(id);
    const end = endOf(now, createdAt, idle, absolute);
    this.sessions.set(successor, { createdAt, touchedAt: now, idle, absolute, owner, end });
  }

  sweep(now: number): number {
    const over = [...this.sessions.keys()].filter((id) => !this.lives(id, now));
    for (const id of over) this.sessions.delete(id);
    return over.length;
  }

  /** Why a session should not have been read as it was; `undefined` when it should. */
  objection(session: Pick<Session<unknown>, 'id' | 'expiresAt'>, now: number): string | undefined {
    const { id } = session;
    return this.lives(id, now) ? this.misdated(session) : `${id} was read at ${now}, and had ended`;
  }

  /** Whether a session has another end than it should. One that is just written may be over already. */
  misdated({ id, expiresAt }: Pick<Session<unknown>, 'id' | 'expiresAt'>): string | undefined {
    const end = expiresAt ?? Infinity;
    const due = this.sessions.get(id)?.end;
    return end === due ? undefined : `${id} is to end at ${due}, and not at ${end}`;
  }
}

function endOf(
  now: number,
  createdAt: number,
  idle: number | null,
  absolute: number | null,
): number {
  const ends = [
    idle === null ? Infinity : now + idle,
    absolute === null ? Infinity : createdAt + absolute,
  ];
  const end = Math.min(...ends);
  return end === Infinity ? end : Math.min(end, 2 ** 53 - 1);
}
