/** Brings two people's typing in one text together, so that neither loses a character to the other. */

/** Replaces what lies from `start` to `end`. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly inserted: string;
}

/** `theirs` with, on top, what was typed to make `mine` of `base`. */
export function mergeText(base: string, mine: string, theirs: string): string {
  const edit = editBetween(base, mine);
  const over = editBetween(base, theirs);
  const start = moved(edit.start, over, 'after');
  const end = Math.max(start, moved(edit.end, over, 'before'));
  // What they typed amid a passage that I replaced meanwhile.
  const rescued = edit.start < over.start && over.end < edit.end ? over.inserted : '';
  return theirs.slice(0, start) + edit.inserted + rescued + theirs.slice(end);
}

/** Where the caret belongs once `before` has become `after`: behind the same characters. */
export function moveCaret(position: number, before: string, after: string): number {
  const { start, end, inserted } = editBetween(before, after);
  if (position <= start) return position;
  if (position >= end) return position + after.length - before.length;
  return Math.min(position, start + inserted.length);
}

/** The one span in which two texts differ. */
function editBetween(before: string, after: string): Edit {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let tail = 0;
  while (tail < shorter - start && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  return {
    start,
    end: before.length - tail,
    inserted: after.slice(start, after.length - tail),
  };
}

/** A position after an edit; `side` decides on which side of the new text it goes where the two touch. */
function moved(position: number, { start, end, inserted }: Edit, side: 'before' | 'after'): number {
  if (position < start) return position;
  if (position > end) return position + inserted.length - (end - start);
  return side === 'before' ? start : start + inserted.length;
}
