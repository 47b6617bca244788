// Output of programs as lines that can be shown: no escape sequences, no control characters, no endless lines.

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const escapeSequence = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g;

/** One line, at most `lengthMax` characters. */
export function printableLine(text: string, lengthMax = 200): string {
  return text
    .slice(0, 16 * lengthMax)
    .replace(escapeSequence, '')
    .replace(/\t/g, ' ')
    .replace(/[\p{C}\ufffd]/gu, '')
    .trim()
    .slice(0, lengthMax);
}

/** The lines of a text that have something to show, the last `countMax` of them; a carriage return ends a line too. */
export function printableLines(text: string, countMax: number, lengthMax = 200): string[] {
  return text
    .split(/[\r\n]+/)
    .slice(-4 * countMax)
    .map((line) => printableLine(line, lengthMax))
    .filter((line) => line !== '')
    .slice(-countMax);
}
