/** Finds the word that was probably meant by a mistyped one. Pure. */

/** How many letters of a word may differ from the one that was probably meant. */
function tolerance(length: number): number {
  return Math.max(1, Math.floor(length / 3));
}

/** One row of the distance table: the cost of each prefix of the other word. */
type Row = readonly number[];

/**
 * The number of single-letter insertions, deletions, replacements and swaps of neighbouring letters that change one
 * word into the other (the optimal string alignment distance).
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: Row = [];
  let last: Row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

function at(row: Row, index: number): number {
  return row[index] ?? Infinity;
}

/**
 * The candidate that was probably meant by a mistyped word: few letters differ, or both begin alike (`params`,
 * `parameters`). Null if there is no such candidate. Upper and lower case are equal.
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const typed = word.toLowerCase();
  if (typed.length > 64) return null;
  let best: { candidate: string; distance: number } | null = null;
  for (const candidate of candidates) {
    const distance = editDistance(typed, candidate.toLowerCase());
    if (best === null || distance < best.distance) best = { candidate, distance };
  }
  if (best !== null && best.distance <= tolerance(typed.length)) return best.candidate;
  return candidates.find((candidate) => sharesBeginning(typed, candidate.toLowerCase())) ?? null;
}

/** Whether two words begin with the same letters: at least three, and at least two thirds of the shorter word. */
function sharesBeginning(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  let alike = 0;
  while (alike < shorter && one[alike] === other[alike]) alike += 1;
  return alike >= 3 && alike * 3 >= shorter * 2;
}
