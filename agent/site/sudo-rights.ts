// What `sudo -l -U USER` says that a user may do. Pure.

export interface SudoRights {
  maySome: boolean;
  mayAll: boolean;
  /** Of the rule that counts: that for every command where there is one. */
  withoutPassword: boolean;
  detail: string;
}

const tag = /^(NO)?(PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT):\s*/;

/** The rights from sudo's listing; rules for becoming somebody other than root do not count. */
export function parseSudoRights(output: string): SudoRights {
  const lines = output.split('\n');
  const never = lines.some((line) => /!authenticate\b/.test(line));
  const rules = lines.filter((line) => /^\s+\(/.test(line)).map((line) => line.trim());
  const found: SudoRights = { maySome: false, mayAll: false, withoutPassword: false, detail: rules.at(-1) ?? '' };
  for (const rule of rules) {
    const [, runas = '', commands = ''] = /^\(([^)]*)\)\s*(.*)$/.exec(rule) ?? [];
    if (
      !runas
        .split(':')[0]
        ?.split(/[\s,]+/)
        .some((user) => user === 'ALL' || user === 'root')
    )
      continue;
    let asks = !never;
    for (const part of commands.split(/,\s*/)) {
      let command = part.trim();
      for (let match = tag.exec(command); match !== null; match = tag.exec(command)) {
        if (match[2] === 'PASSWD') asks = match[1] === undefined && !never;
        command = command.slice(match[0].length);
      }
      if (command === '' || command.startsWith('!')) continue;
      const isAll = command === 'ALL';
      if (!found.maySome || (isAll && !found.mayAll)) Object.assign(found, { withoutPassword: !asks, detail: rule });
      else if (isAll === found.mayAll && !asks) Object.assign(found, { withoutPassword: true, detail: rule });
      found.maySome = true;
      found.mayAll ||= isAll;
    }
  }
  if (rules.length === 0) found.detail = lines.findLast((line) => line.trim() !== '')?.trim() ?? '';
  return found;
}
