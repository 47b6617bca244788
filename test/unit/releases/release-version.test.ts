import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareVersions, contradictsName, isVersion, releaseVersion } from '../../../shared/release-version.ts';

describe('the version in an installer’s name', () => {
  const cases: [string, string | undefined][] = [
    ['MotadataServiceOpsCommonUpgrade_V870', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V860', '8.6.0'],
    ['MotadataServiceOpsCommonUpgrade_V8100', '8.10.0'],
    ['MotadataServiceOpsCommonUpgrade_V8112', '8.11.2'],
    ['MotadataServiceOpsCommonUpgrade_V8.10.2', '8.10.2'],
    ['MotadataServiceOpsCommonUpgrade_V8.7.0.bin', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V870.run', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V870_20260101', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V870.20260101', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V8.7', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_v870', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V870-hotfix', '8.7.0'],
    ['MotadataServiceOpsCommonUpgrade_V087', '0.8.7'],
    ['MotadataServiceOpsCommonUpgrade_V87', undefined],
    ['MotadataServiceOpsCommonUpgrade_V10100', undefined],
    ['MotadataServiceOpsCommonUpgrade', undefined],
    ['MotadataServiceOpsCommonUpgradeV870', undefined],
    ['installer_Version', undefined],
    ['', undefined],
  ];
  for (const [name, version] of cases)
    it(`reads ${version ?? 'none'} from ${JSON.stringify(name)}`, () => assert.equal(releaseVersion(name), version));

  it('reads back every version with one-digit major and patch', () => {
    const digit = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(digit, fc.integer({ min: 0, max: 99 }), digit, (major, minor, patch) => {
        assert.equal(releaseVersion(`Upgrade_V${major}${minor}${patch}`), `${major}.${minor}.${patch}`);
        assert.equal(releaseVersion(`Upgrade_V${major}.${minor}.${patch}.bin`), `${major}.${minor}.${patch}`);
      }),
    );
  });
});

describe('a name beside the version that is asked for', () => {
  const cases: [string, string, boolean][] = [
    ['Upgrade_V870', '8.7.0', false],
    ['Upgrade_V870', '8.6.0', true],
    ['Upgrade_V8.7.0', '8.7.1', true],
    ['Upgrade_V8.7', '8.7.0', false],
    ['Upgrade_V8710', '8.71.0', false],
    ['Upgrade_V8710', '8.7.10', false],
    ['Upgrade_V8710', '8.7.1', true],
    ['Upgrade', '8.7.0', false],
  ];
  for (const [name, version, contradicts] of cases)
    it(`${name} ${contradicts ? 'contradicts' : 'may be'} ${version}`, () =>
      assert.equal(contradictsName(name, version), contradicts));

  it('compares parts as numbers, and only what is a version', () => {
    assert.ok(compareVersions('8.9.0', '8.10.0') < 0);
    assert.equal(compareVersions('8.7.0', '8.7.0'), 0);
    assert.deepEqual(['8.7.0', '8.7', 'v8.7.0', '8.07.0', ''].map(isVersion), [true, false, false, false, false]);
  });
});
