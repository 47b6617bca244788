// The meter's curve of a run from its stored samples. A report goes without it where they are gone.
import type { CurveDocument } from '../../shared/report-evidence.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import { curveOf } from '../meter/curve.ts';
import type { SampleBatch } from '../meter/summary.ts';
import type { RunState } from '../sequencer/state.ts';

export async function curveIn(artefacts: Artefacts, { metered }: RunState): Promise<CurveDocument | undefined> {
  if (metered === undefined || metered.artefact === '') return undefined;
  const stored = await artefacts.get(metered.artefact);
  return stored.ok ? curveOf(JSON.parse(stored.value.toString()) as SampleBatch[]) : undefined;
}
