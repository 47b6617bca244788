// What copyServer and restoreServer have set aside: how it is told of, and dropAsides, which removes it. Nothing else has
// such a name, so that nothing else is ever removed.
import type { ActionOf } from '../action.ts';
import type { NodeProfile } from '../command.ts';
import { databaseFunctions, failFunction, type Script } from './script.ts';
import { serverFunctions } from './server-places.ts';

const infix = '.baton-aside-';

/** Where a server's data of before lies. */
export const asideOf = (place: string, run: string): string => `${place}${infix}${run}`;

/** `asides`: a line `MAJOR NAME DIRECTORY` for each, also where nothing else is left of the server. After serverFunctions. */
export const asidesFunction = [
  'asides() {',
  '  local m n found',
  '  {',
  `    ls -d /var/lib/postgresql/*/*${infix}* /var/lib/pgsql/*/*${infix}* 2>/dev/null || true`,
  `    list_servers | while read -r m n; do use_server "$m" "$n"; ls -d "$(readlink -m -- "$data")${infix}"* 2>/dev/null || true; done`,
  '  } | sort -u | while IFS= read -r found; do',
  '    [[ -d $found ]] || continue',
  '    m=$(as_database head -c 3 -- "$found/PG_VERSION" 2>/dev/null || basename "$(dirname "$found")")',
  `    n=$(basename "\${found%${infix}*}")`,
  '    echo "$m $n $found"',
  '  done',
  '}',
];

/** As lines of readServers. */
export const tellAsides = [
  'while read -r m n found; do',
  '  [[ -n $m ]] || continue',
  `  tell aside "$m $n \${found##*${infix}} $(bytes_of "$found") $found"`,
  'done < <(asides)',
];

export function dropAsidesScript({ run }: ActionOf<'dropAsides'>, profile: NodeProfile): Script {
  return {
    isGentle: true,
    lines: [
      failFunction,
      ...databaseFunctions(profile),
      ...serverFunctions(profile),
      ...asidesFunction,
      'while read -r m n found; do',
      `  [[ $found == *${infix}${run} ]] || continue`,
      '  echo "removing $found"',
      '  use_server "$m" "$n"',
      '  # Its tablespaces are the present server’s, which has the same names for them.',
      '  as_database rm -f -- "$found/global/pg_control"',
      '  [[ ! -L $found/pg_wal || $(readlink -f "$found/pg_wal") == "$(readlink -f "$data/pg_wal")" ]] || as_database rm -rf -- "$(readlink -f "$found/pg_wal")"',
      '  as_database rm -rf -- "$found"',
      'done < <(asides)',
    ],
  };
}
