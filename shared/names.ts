// What names may be that become part of file names, subjects and command lines: one definition for both programs.

/** Of nodes, clusters and operators. */
export const namePattern = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** Of an installer's file: a plain file name of at most 200 characters, which is no option and no path. */
export const releaseNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Of runs. */
export const runPattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Whether a text may name a node, a cluster or an operator. */
export const isName = (text: string): boolean => namePattern.test(text);
