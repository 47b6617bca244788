// Operator › UploadRelease: the first part names the file, the others carry its bytes.
import type { ReleaseDocument } from '../../shared/documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { UploadChunk } from '../../shared/gen/baton/v1/operator_pb.ts';
import type { Audit } from '../audit/audit.ts';
import type { ReleaseStore } from '../releases/release-store.ts';

export async function uploadRelease(
  { releases, audit }: { releases: ReleaseStore; audit: Audit },
  parts: AsyncIterable<UploadChunk>,
  operator: string,
): Promise<Result<ReleaseDocument>> {
  const messages = parts[Symbol.asyncIterator]();
  const first = await messages.next();
  if (first.done) return fail('bad-input', 'the upload had no first part');
  const { name, sha256, sizeBytes } = first.value;

  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield first.value.data;
    for (let next = await messages.next(); !next.done; next = await messages.next()) yield next.value.data;
  }
  const stored = await releases.add({ name, sha256, sizeBytes, data: bytes() });
  const outcome = stored.ok ? ('done' as const) : ('failed' as const);
  const detail = stored.ok ? `${name}, SHA-256 ${sha256}` : stored.failure.message;
  audit.record({ who: `operator ${operator}`, what: 'upload', detail, outcome });
  return stored.ok ? ok({ schema: 1, ...stored.value }) : stored;
}
