// What a healthy cluster's nodes answer of what they hold: part of world.ts.
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import type { AnswerOf } from '../../../shared/actions/action.ts';

/** Of a folder with two buckets. */
export const manifest: Omit<AnswerOf<'readManifest'>, 'kind' | 'contentDigests'> = {
  ...{ manifest: '01234567-0123456789abcdef', files: 500, bytes: 1e6, links: 0, others: 0, oddNames: 0 },
  ...{ digests: '00000000000000010000000000000002', unhashed: 0, hashedBytes: 0 },
};
export type Entry = AnswerOf<'readManifestEntries'>['entries'][number];
export const entryOf = (fields: Partial<Entry>): Entry => ({
  ...{ path: 'a/b.bin', kind: 'file', sizeBytes: 10, sha256: '', target: '', bucket: 0 },
  ...fields,
});
export const fileNow = (fields: Partial<Entry>, changedAgoMs = 3_600_000) => ({ entry: entryOf(fields), changedAgoMs });

type Rule = AnswerOf<'readAccess'>['rules'][number];
type Role = AnswerOf<'readAccess'>['roles'][number];
export const rule = (fields: Partial<Rule>): Rule => ({
  ...{
    line: 1,
    type: 'host',
    databases: ['all'],
    users: ['all'],
    address: '10.77.0.0/24',
    method: 'scram-sha-256',
    error: '',
  },
  ...fields,
});
export const role = (fields: Partial<Role>): Role => ({
  ...{ name: 'app', superuser: false, canLogin: true, replication: false, password: 'scram' },
  ...fields,
});

const dataKinds = [
  'countFiles',
  'readManifest',
  'readManifestEntries',
  'readFileStates',
  'readErrors',
  'readAccess',
] as const;
type DataKind = (typeof dataKinds)[number];
type DataAction = Extract<ReadAction, { kind: DataKind }>;

export const isOfData = (action: ReadAction): action is DataAction =>
  (dataKinds as readonly string[]).includes(action.kind);

export function healthyData(action: DataAction): AnswerOf<DataKind> {
  switch (action.kind) {
    case 'countFiles':
      return { kind: action.kind, files: 500 };
    case 'readManifest':
      return { kind: action.kind, ...manifest, contentDigests: action.hashes ? manifest.digests : '' };
    case 'readManifestEntries':
      return { kind: action.kind, buckets: action.buckets.length, entries: [] };
    case 'readErrors': {
      const sources = [action.errorLogs, action.mixedLogs, action.units].map((asked, index) =>
        asked.length === 0
          ? []
          : [{ source: ['logs', 'mixed_logs', 'journals'][index] ?? '', count: 1, lastLine: 'ERROR x', isCut: false }],
      );
      return { kind: action.kind, windowMs: action.windowMs, sources: sources.flat() };
    }
    case 'readAccess':
      return {
        ...{
          kind: action.kind,
          listenAddresses: '*',
          ssl: true,
          passwordEncryption: 'scram-sha-256',
          publicCreates: false,
        },
        rules: [rule({ type: 'local', address: '', method: 'peer' }), rule({ users: ['app'] })],
        roles: [
          role({ name: 'postgres', superuser: true, replication: true, password: 'none' }),
          role({ name: 'app' }),
        ],
      };
    case 'readFileStates':
      return { kind: action.kind, files: action.paths.map((path) => ({ ...fileNow({ path }) })) };
  }
}
