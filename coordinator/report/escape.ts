// Text from machines into HTML, SVG and Markdown: nothing of it is markup, no control character survives. Pure.
import { stripVTControlCharacters } from 'node:util';

// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Without escape sequences and control characters; tabs and line ends stay. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\r\n?/g, '\n').replaceAll(unprintable, '');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For HTML and SVG, as content or within quoted attributes. */
export function escapeHtml(text: string): string {
  return printable(text).replaceAll(/[&<>"']/g, (letter) => entities[letter] ?? '');
}

/** For one line of Markdown, table cells too. */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/[\\`*_{}[\]<>#|~!]/g, (letter) => `\\${letter}`)
    .trim();
}

/** A fenced block that the text cannot end. */
export function fenced(text: string, language = ''): string {
  const body = printable(text).trimEnd();
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}
