// One manifest of a folder by an agent's own code in a process of its own, so that its memory can be told:
// `node manifest-once.ts ROOT FOLDER size|content`. Prints how long it took and the most memory that it held, as JSON.
import { rm } from 'node:fs/promises';
import { createReadingAgent } from '../integration/agent/reading-agent.ts';

const [root = '', within = '', what = ''] = process.argv.slice(2);
const agent = await createReadingAgent(`paths: [${root}]\n`, within);
try {
  const startedMs = performance.now();
  const { files, unhashed } = await agent.read({ kind: 'readManifest', root, hashes: what === 'content' }, 3_600_000);
  const tookMs = performance.now() - startedMs;
  // maxRSS is in kB.
  const memoryBytes = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(`${JSON.stringify({ tookMs, memoryBytes, files, unhashed })}\n`);
} finally {
  await agent.remove();
  await rm(agent.folder, { recursive: true, force: true });
}
