// Pieces of the report as Markdown. Pure; what is put into them is escaped by whoever puts it.

export function part(title: string, body: string): string[] {
  return body === '' ? [] : [`## ${title}`, body];
}

export function table(heads: string[], rows: string[][]): string {
  if (rows.length === 0) return '';
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
