/** Finds the word that was probably meant by a mistyped one. Pure. */
import damerauLevenshtein from 'damerau-levenshtein';

/** How many letters of a word may differ from the one that was probably meant. A swap of neighbours counts once. */
function tolerance(length: number): number {
  return Math.max(1, Math.floor(length / 3));
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
    const distance = damerauLevenshtein(typed, candidate.toLowerCase()).steps;
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
