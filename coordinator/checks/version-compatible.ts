// The installed versions may be upgraded directly, and to the target by the common installer.
import { z } from 'zod';
import { compareVersions, isVersion } from '../../shared/release-version.ts';
import { defineCheck, type Finding, judgeEach, passIf } from './define.ts';

/** From this version on, incremental upgrades are not required. */
const directUpgradeFrom = '8.2.0';
/** From this version on there is one installer for every supported operating system. */
const commonInstallerFrom = '8.6.0';

export const versionCompatible = defineCheck({
  id: 'version-compatible',
  title: 'Version can be upgraded',
  section: 'Upgrade Guide for HA › from v8.2 directly, common installer from v8.6.0',
  severity: 'blocking',
  remedy:
    'Bring both nodes to one version from 8.2.0 on first. Where a halted run left them apart, finish it: baton run retry. Where that run has ended, install the same version on the other node by hand, following the guide.',
  params: z.strictObject({ nodes: z.array(z.string()).min(1), toVersion: z.string().nullable() }),
  words: ({ nodes, toVersion }) =>
    `${nodes.join(', ')}: one version, ≥ ${directUpgradeFrom}${toVersion ? `, older than ${toVersion}` : ''}`,
  *evaluate({ nodes, toVersion }, { cluster }) {
    const { file, pattern } = cluster.application.version;
    const limit = `the same on ${nodes.join(' and ')}, ≥ ${directUpgradeFrom}${toVersion ? `, < ${toVersion}` : ''}`;
    const versions: string[] = [];
    const findings = yield* judgeEach(nodes, { kind: 'readVersion', file, pattern }, limit, ({ version }) => {
      versions.push(version);
      if (!isVersion(version))
        return {
          reading: `${JSON.stringify(version)} in ${file} is no version`,
          verdict: 'unknown',
          remedy: 'Correct application.version in the cluster file.',
        };
      const isUpgradable = compareVersions(version, directUpgradeFrom) >= 0;
      const isOlder = toVersion === null || compareVersions(version, toVersion) < 0;
      return { reading: version, verdict: passIf(isUpgradable && isOlder) };
    });
    const differ = new Set(versions).size > 1;
    const installed: Finding[] = findings.map((finding) =>
      differ && finding.verdict === 'pass'
        ? { ...finding, verdict: 'fail', reading: `${finding.reading}, the nodes differ: ${versions.join(' and ')}` }
        : finding,
    );
    if (toVersion === null) return installed;
    return [
      ...installed,
      {
        node: '',
        limit: `target ≥ ${commonInstallerFrom}`,
        reading: toVersion,
        verdict: passIf(compareVersions(toVersion, commonInstallerFrom) >= 0),
        remedy: `The common installer exists from ${commonInstallerFrom} on: choose such a target.`,
      },
    ];
  },
});
