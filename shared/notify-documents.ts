// The JSON documents of notices: as documents.ts says of all of them.

/** Of `notify test`: what each channel has said to one try. */
export interface NoticeTestDocument {
  schema: 1;
  cluster: string;
  channels: {
    channel: 'smtp' | 'webhook';
    to: string;
    /** It took the notice; whether people see it is theirs to say. */
    taken: boolean;
    message: string;
    elapsedMs: number;
  }[];
}
