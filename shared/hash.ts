// Canonical JSON and its SHA-256: what journals, plans and payloads are compared by.
import { createHash } from 'node:crypto';

/** JSON with sorted keys and no undefined: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** The same value with the names of its objects in order; what is in order already is not copied. */
function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return sorted(value.toJSON());
  if (Array.isArray(value)) {
    const items = value.map(sorted);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const from = value as Record<string, unknown>;
  const names = Object.keys(from);
  const items = new Map(names.map((name) => [name, sorted(from[name])]));
  const isSame = names.every((name, index) => items.get(name) === from[name] && !(name < (names[index - 1] ?? '')));
  return isSame ? value : Object.fromEntries(names.sort().map((name) => [name, items.get(name)]));
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
