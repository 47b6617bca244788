// Where a run goes, in a word, from its parameters: for headlines. Pure.

/** `8.7.0`, `PostgreSQL 17`; empty for plans that go nowhere new. */
export function goalOf({ toVersion, version, to }: Record<string, unknown>): string {
  if (typeof to === 'number') return `PostgreSQL ${to}`;
  const release = toVersion ?? version;
  return typeof release === 'string' ? release : '';
}
