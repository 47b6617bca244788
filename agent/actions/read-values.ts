// readValues, readMissingFiles: what stands in a settings file, and which files another node has beyond this one's.
import type { Run } from './context.ts';

export const readValues: Run<'readValues'> = () => Promise.reject(new Error('readValues is not there yet'));
export const readMissingFiles: Run<'readMissingFiles'> = () =>
  Promise.reject(new Error('readMissingFiles is not there yet'));
