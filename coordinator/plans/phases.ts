// A plan's items under the headings of their phases. Pure.

/** Items under their headings, in the plan's order. */
export function phasesOf<Item extends { phase: string }>(items: Item[]): { phase: string; items: Item[] }[] {
  const phases: { phase: string; items: Item[] }[] = [];
  for (const item of items) {
    const last = phases.at(-1);
    if (last?.phase === item.phase) last.items.push(item);
    else phases.push({ phase: item.phase, items: [item] });
  }
  return phases;
}
