// Nothing on the node keeps an installer from running: fapolicyd knows only what came by packages, and noexec mounts refuse
// whatever lies or unpacks itself there.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';
import { readSecurity } from './firewall.ts';

export const installerMayRun = defineCheck({
  id: 'installer-may-run',
  title: 'An installer may run',
  section: 'Step 2: Upgrade Master Application Instance › Grant Execute Permissions',
  severity: 'blocking',
  remedy: 'Make the mount executable for the window: mount -o remount,exec the file system on the node.',
  params: z.strictObject({}),
  words: () => 'neither fapolicyd nor a noexec mount refuses the installer',
  *evaluate(_params, { cluster }) {
    const nodes = (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'app').name);
    const limit = 'no fapolicyd, no noexec where it lies and unpacks';
    return yield* judgeEach(nodes, readSecurity(cluster), limit, ({ fapolicyd, places }, node) => {
      const refusing = places.filter(({ mayExecute }) => !mayExecute);
      if (fapolicyd === 'enforcing')
        return {
          ...{ reading: 'fapolicyd enforces: it refuses programs that no package has brought', verdict: 'fail' },
          remedy: `On ${node}: fapolicyd-cli --file add the staged installer (baton stage) and fapolicyd-cli --update, or systemctl stop fapolicyd for the window.`,
        };
      if (refusing.length > 0)
        return {
          ...{
            reading: refusing.map(({ path, mountPoint }) => `${path} is on ${mountPoint}, mounted noexec`).join('; '),
          },
          verdict: 'fail',
          remedy: `On ${node}: mount -o remount,exec ${refusing[0]?.mountPoint}`,
        };
      if (places.length === 0) return { reading: 'no place was told of', verdict: 'unknown' };
      return {
        reading: `${places.map(({ path }) => path).join(', ')} executable${fapolicyd === 'permissive' ? '; fapolicyd only notes' : ''}`,
        verdict: 'pass',
      };
    });
  },
});
