// Text for terminals: cleaning what others wrote, colours, bars. Everything that a node, a program or a file said goes
// through `clean` or `cleanBlock` before it is printed: an escape sequence in an installer's output is not ours to obey.
import { stripVTControlCharacters, styleText } from 'node:util';

// C0 but tab and newline, DEL, C1, and the marks that reorder or hide text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** A text as several lines, without control characters; tabs become spaces. */
export function cleanBlock(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\r\n?/g, '\n').replaceAll('\t', '    ').replaceAll(unprintable, '');
}

/** A text as one line, without control characters. */
export function clean(text: string): string {
  return cleanBlock(text)
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

/** Cut to a width, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  const letters = [...text];
  if (letters.length <= width) return text;
  return width < 1 ? '' : `${letters.slice(0, width - 1).join('')}…`;
}

/** Breaks a text at spaces into lines of at most `width`; a longer word gets a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** A block with every line indented. */
export function indent(text: string, by: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : by + line))
    .join('\n');
}

type Format = Parameters<typeof styleText>[0];

/** Puts a format around a text, or leaves it as it is where colours are off. */
export type Paint = (format: Format, text: string) => string;

export function paintWhen(isColoured: boolean): Paint {
  return (format, text) => (isColoured ? styleText(format, text, { validateStream: false }) : text);
}

/** A bar of `width` cells for 0 to 100 percent. */
export function bar(percent: number, width: number): string {
  const share = Math.min(100, Math.max(0, percent)) / 100;
  const full = Math.floor(share * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** `2026-11-21 23:52:07` of an ISO time, in UTC; `-` when there is none. */
export function moment(iso: string | undefined): string {
  return iso ? clean(iso).replace('T', ' ').replace(/\.\d+/, '').replace(/Z$/, ' UTC') : '-';
}
