// Fills `{{name}}` in the strings of plain data: the run's id in a plan, a binding's value in an action. Pure.

const placeholder = /\{\{([a-zA-Z][a-zA-Z0-9]*)\}\}/g;

/** The same data with each `{{name}}` that has a value replaced by it; others stay. */
export function fill<T>(data: T, values: Readonly<Record<string, string>>): T {
  return mapStrings(data, (text) =>
    text.replace(placeholder, (whole, name: string) => (Object.hasOwn(values, name) ? (values[name] ?? whole) : whole)),
  ) as T;
}

/** Names of the placeholders that are left in the data. */
export function placeholdersIn(data: unknown): string[] {
  const names = new Set<string>();
  mapStrings(data, (text) => {
    for (const match of text.matchAll(placeholder)) names.add(match[1] ?? '');
    return text;
  });
  return [...names];
}

function mapStrings(data: unknown, change: (text: string) => string): unknown {
  if (typeof data === 'string') return change(data);
  if (Array.isArray(data)) return data.map((item) => mapStrings(item, change));
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(Object.entries(data).map(([name, item]) => [name, mapStrings(item, change)]));
}
