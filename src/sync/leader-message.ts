/** What tabs say to each other about the lead. A forged word costs a change of leader, and nothing else. */

import { isWellFormedId } from '../session-id.js';

/** Goes up when a tab of an older version could misread a message; such a tab then ignores it. */
const protocol = 1;

export type LeaderMessage =
  /** Is there a leader who can answer? */
  | { readonly kind: 'ask'; readonly visible: boolean }
  /** There is: told to one who asked, or by a new leader to everyone. */
  | { readonly kind: 'here'; readonly to?: string | undefined }
  /** A hidden leader has stopped, and wants a visible tab to take the lock. */
  | { readonly kind: 'yours'; readonly to: string };

export type Sent<Message> = Message & { readonly protocol: typeof protocol; readonly from: string };

export function signed(message: LeaderMessage, from: string): Sent<LeaderMessage> {
  return { protocol, from, ...message };
}

/** Whether something received is such a message, sound in every field. */
export function isLeaderMessage(message: unknown): message is Sent<LeaderMessage> {
  if (typeof message !== 'object' || message === null) return false;
  const { protocol: spoken, from, kind, to, visible } = message as Record<string, unknown>;
  if (spoken !== protocol || !isWellFormedId(from)) return false;
  if (kind === 'ask') return typeof visible === 'boolean';
  if (kind === 'here') return to === undefined || isWellFormedId(to);
  return kind === 'yours' && isWellFormedId(to);
}
