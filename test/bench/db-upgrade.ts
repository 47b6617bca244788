// How long the portal is down for a database upgrade, as the meter has seen it, beside what pg_upgrade alone takes on a copy of
// the same data on the same node, shortly before. The lab is as before the upgrade at the beginning of each round.
import assert from 'node:assert/strict';
import type { RunStartedDocument } from '../../shared/documents.ts';
import { minutes } from '../../shared/units.ts';
import { batonJson, onNode } from '../lab/lab.ts';
import { runEnds, startAfresh } from '../lab/scenario.ts';
import { type Figures, median } from './beside.ts';

export interface DatabaseSizes {
  rounds: number;
  databaseMb: number;
  jobs: number;
}

const [from, to] = [15, 17];
const node = 'n1';
const scratch = '/var/lib/postgresql/baton-bench';

/** About 1 kB a row, three quarters of it text that compresses little; in the application's own database. */
const fill = (databaseMb: number) =>
  "INSERT INTO apolo.request (subject, body) SELECT 'Bench ' || i, (SELECT string_agg(md5((i * 31 + k)::text), '') FROM generate_series(1, 24) k) " +
  `|| repeat('as before. ', 20) FROM generate_series(1, ${databaseMb * 900}) i`;

const asPostgres = (line: string) => `runuser -u postgres -- ${line}`;

/** A server of the old version with the same data, cleanly stopped, and an empty one of the new version, beside those in service. */
const makeScratch = `set -e; rm -rf ${scratch}; install -d -m 0700 -o postgres -g postgres ${scratch}; cd ${scratch}
${asPostgres(`/usr/lib/postgresql/${from}/bin/pg_basebackup -D old -c fast -X stream`)}
echo 'local all all trust' | tee old/pg_hba.conf >old/pg_ident.conf; : >old/postgresql.conf; : >old/pg_ident.conf
chown postgres old/*.conf
${asPostgres(`/usr/lib/postgresql/${from}/bin/pg_ctl -D old -w -o '-p 5999 -k ${scratch} -c listen_addresses=' -l old.log start`)}
${asPostgres(`/usr/lib/postgresql/${from}/bin/pg_ctl -D old -w -m fast stop`)}
${asPostgres(`/usr/lib/postgresql/${to}/bin/initdb -D new --data-checksums --locale C.UTF-8 --auth trust`)}
sync`;

const pgUpgrade = (mode: string, jobs: number) =>
  asPostgres(
    `/usr/lib/postgresql/${to}/bin/pg_upgrade -b /usr/lib/postgresql/${from}/bin -B /usr/lib/postgresql/${to}/bin -d old -D new -p 5998 -P 5999 -s ${scratch} --${mode} --jobs ${jobs}`,
  );

async function alone(mode: string, jobs: number): Promise<number> {
  await onNode(node, makeScratch);
  try {
    const said = await onNode(
      node,
      `cd ${scratch}; s=$(date +%s%N); ${pgUpgrade(mode, jobs)}; e=$(date +%s%N); echo "took $(((e - s) / 1000))"`,
    );
    const us = Number(/^took (\d+)$/m.exec(said)?.[1]);
    assert.ok(us > 0, `it did not say how long it took:\n${said}`);
    assert.match(said, /Upgrade Complete/);
    return us / 1000;
  } finally {
    await onNode(node, `rm -rf ${scratch}`);
  }
}

async function outage(mode: string): Promise<number> {
  const asked = ['db-upgrade', 'lab', '--to', String(to), '--mode', mode, '--yes', '--detach'];
  const { document } = await batonJson<RunStartedDocument>(...asked);
  const run = await runEnds(document.run, minutes(30));
  assert.equal(run.status, 'succeeded', run.message);
  assert.ok(run.portal !== undefined, 'the portal was not measured');
  return run.portal.downMs;
}

/** In both modes. */
export async function measureDatabaseUpgrade({ rounds, databaseMb, jobs }: DatabaseSizes): Promise<Figures[]> {
  const measured: Figures[] = [];
  for (const mode of ['copy', 'link']) {
    const baton: number[] = [];
    const raw: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      await startAfresh((text) => text.replace(/^( *database: \{ jobs: )\d+/m, `$1${jobs}`));
      if (databaseMb > 0)
        await onNode(
          node,
          `cd / && ${asPostgres(`psql -XqAt -v ON_ERROR_STOP=1 -d flotoitsmdb -c "${fill(databaseMb)}" -c CHECKPOINT`)}`,
        );
      raw.push(await alone(mode, jobs));
      process.stderr.write(`pg_upgrade --${mode} alone, round ${round}: ${((raw.at(-1) ?? 0) / 1000).toFixed(1)} s\n`);
      baton.push(await outage(mode));
      const [last, beside] = [baton.at(-1) ?? 0, raw.at(-1) ?? 0];
      process.stderr.write(
        `db-upgrade --mode ${mode}, round ${round}: outage ${(last / 1000).toFixed(1)} s, pg_upgrade alone ${(beside / 1000).toFixed(1)} s\n`,
      );
    }
    measured.push({
      ...{ what: `PostgreSQL ${from} to ${to}, ${databaseMb} MB, ${mode}` },
      ways: [
        { name: 'outage of db-upgrade', tookMs: baton },
        { name: `pg_upgrade --${mode} alone`, tookMs: raw },
      ],
      ratio: median(baton) / median(raw),
    });
  }
  return measured;
}
