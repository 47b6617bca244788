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
    const items: unknown[] = [];
    let isSame = true;
    for (const one of value) {
      const item = sorted(one);
      items.push(item);
      if (item !== one) isSame = false;
    }
    return isSame ? value : items;
  }
  // Every event and every record passes here often, nearly always in order.
  const from = value as Record<string, unknown>;
  const names = Object.keys(from);
  const items: unknown[] = [];
  let isSame = true;
  let before = '';
  for (const name of names) {
    const item = sorted(from[name]);
    items.push(item);
    if (item !== from[name] || name < before) isSame = false;
    before = name;
  }
  if (isSame) return value;
  return Object.fromEntries(names.map((name, index) => [name, items[index]] as const).sort(byName));
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
