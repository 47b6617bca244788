// What somebody may ask a rollback to do with the database; the words of the command line, too.
export const databaseWays = ['restore', 'keep'] as const;
