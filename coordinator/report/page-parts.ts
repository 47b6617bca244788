// Pieces that every section of the page is made of. Pure; what is put into them is escaped by whoever puts it.
import { escapeHtml as e } from './escape.ts';

export function section(title: string, body: string): string {
  return body === '' ? '' : `<section><h2>${e(title)}</h2>\n${body}</section>`;
}

/** Cells are HTML, heads are text; empty without rows. */
export function table(heads: string[], rows: string[][], kind = ''): string {
  if (rows.length === 0) return '';
  const cells = (tag: string, values: string[]) => values.map((value) => `<${tag}>${value}</${tag}>`).join('');
  return `<table${kind === '' ? '' : ` class="${e(kind)}"`}><thead><tr>${cells('th', heads.map(e))}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')}</tbody></table>`;
}
