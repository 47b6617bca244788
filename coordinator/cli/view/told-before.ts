// Scripts of a plan share their functions, hundreds of lines; on a screen these are told once. Pure but for what it has told.

/** So few lines are better said again than looked for. */
const linesMin = 20;

/** Of each command its lines, the ones with which an earlier script began alike left out and named. */
export function onlyOnce(): (command: string, item: number) => string[] {
  const told: { lines: string[]; item: number }[] = [];
  return (command, item) => {
    const lines = command.split('\n');
    const [first = '', ...script] = lines;
    const alike = told.map((earlier) => ({ item: earlier.item, lines: commonStart(earlier.lines, script) }));
    const best = alike.reduce((a, b) => (b.lines > a.lines ? b : a), { item: 0, lines: 0 });
    if (script.length >= linesMin) told.push({ lines: script, item });
    if (best.lines < linesMin) return lines;
    return [first, `# … the first ${best.lines} lines as in ${best.item}. …`, ...script.slice(best.lines)];
  };
}

function commonStart(one: string[], other: string[]): number {
  const differs = other.findIndex((line, index) => line !== one[index]);
  return differs < 0 ? other.length : differs;
}
