// Prints words as a POSIX shell reads them back. Only for people: nothing here is ever given to a shell.

/** A word, quoted where the shell would otherwise read more into it. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A line of words. */
export function shellLine(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
