// readServers, compareServer: the PostgreSQL servers of this node, and whether one is as another was.
import type { Run } from './context.ts';

export const readServers: Run<'readServers'> = () => Promise.reject(new Error('readServers is not there yet'));
export const compareServer: Run<'compareServer'> = () => Promise.reject(new Error('compareServer is not there yet'));
