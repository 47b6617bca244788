// The JSON document of a run that was put off to a time: as documents.ts says of all of them.

export interface ScheduledDocument {
  schema: 1;
  /** The same when it runs. */
  run: string;
  at: string;
  /** The same as clocks in the window's time zone say it. */
  atWall?: string;
}
