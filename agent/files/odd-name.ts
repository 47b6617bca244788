// Names of files as text that can be shown, sent and turned back into the same bytes: a name may hold anything but NUL and a
// slash. Equal bytes give equal text on every node.
import { isUtf8 } from 'node:buffer';

const needsEscape = /[\p{C}\\]/u;

/** Whether a path has control characters, other characters that nobody sees, or bytes that are no UTF-8. */
export function isOddName(path: Uint8Array): boolean {
  if (isPlainAscii(path)) return false;
  return !isUtf8(path) || /\p{C}/u.test(Buffer.from(path).toString('utf8'));
}

/** What cannot be printed as \xNN for each of its bytes, a backslash as \\. */
export function printName(path: Uint8Array): string {
  const bytes = Buffer.from(path);
  if (!isUtf8(bytes)) return [...bytes].map((byte) => (byte >= 0x80 ? hex(byte) : printAscii(byte))).join('');
  const text = bytes.toString('utf8');
  if (!needsEscape.test(text)) return text;
  return text.replace(/[\p{C}\\]/gu, (one) => (one === '\\' ? '\\\\' : [...Buffer.from(one)].map(hex).join('')));
}

/** The bytes behind such a text; undefined where it is none, or not a path that stays below its folder. */
export function readName(text: string): Buffer | undefined {
  if (!/^(?:[^\\]|\\\\|\\x[0-9a-f]{2})+$/u.test(text)) return undefined;
  const parts = text.split(/(\\\\|\\x[0-9a-f]{2})/);
  const bytes = Buffer.concat(
    parts.map((part, index) => {
      if (index % 2 === 0) return Buffer.from(part);
      return part === '\\\\' ? Buffer.from('\\') : Buffer.from(part.slice(2), 'hex');
    }),
  );
  const names = bytes.toString('latin1').split('/');
  const leadsOut = names.some((name) => name === '' || name === '.' || name === '..');
  return bytes.includes(0) || leadsOut ? undefined : bytes;
}

function isPlainAscii(path: Uint8Array): boolean {
  for (const byte of path) if (byte < 0x20 || byte >= 0x7f) return false;
  return true;
}

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

function printAscii(byte: number): string {
  if (byte === 0x5c) return '\\\\';
  return byte < 0x20 || byte === 0x7f ? hex(byte) : String.fromCharCode(byte);
}
