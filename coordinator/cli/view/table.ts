// Tables in the look of `patronictl list`: a box of + - |, the title in its upper edge. Cells are cleaned here.
import { clean } from './text.ts';

export interface Column<Row> {
  head: string;
  value: (row: Row) => string;
  align?: 'right';
}

/** The table's lines; every cell is cleaned and no cell is cut. */
export function table<Row>(title: string, columns: Column<Row>[], rows: Row[]): string {
  const cells = rows.map((row) => columns.map((column) => clean(column.value(row))));
  const widths = columns.map((column, index) =>
    Math.max(column.head.length, ...cells.map((line) => [...(line[index] ?? '')].length)),
  );
  const edge = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+`;
  const line = (values: string[]) =>
    `|${values
      .map((value, index) => {
        const space = ' '.repeat((widths[index] ?? 0) - [...value].length);
        return columns[index]?.align === 'right' ? ` ${space}${value} ` : ` ${value}${space} `;
      })
      .join('|')}|`;
  return [titled(edge, title), line(columns.map((column) => column.head)), edge, ...cells.map(line), edge].join('\n');
}

function titled(edge: string, title: string): string {
  if (title === '') return edge;
  const text = `+ ${clean(title)} `;
  return text.length < edge.length
    ? text + (edge[text.length] === '+' ? '+' : '-') + edge.slice(text.length + 1)
    : text;
}
