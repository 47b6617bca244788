// The one logger: lines for journald on stderr, or JSON with BATON_LOG_FORMAT=json. Never log a secret.
import winston from 'winston';

export type Log = winston.Logger;

export function createLog(component: string): Log {
  const { combine, json, printf, timestamp } = winston.format;
  const line = printf(({ level, message, timestamp: at, ...rest }) => {
    const fields = Object.entries(rest)
      .filter(([name]) => name !== 'component')
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    return [String(at), level.toUpperCase().padEnd(5), `${component}:`, String(message), ...fields].join(' ');
  });
  return winston.createLogger({
    level: process.env.BATON_LOG_LEVEL ?? 'info',
    defaultMeta: { component },
    format: combine(timestamp(), process.env.BATON_LOG_FORMAT === 'json' ? json() : line),
    transports: [
      new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'http', 'verbose', 'debug', 'silly'] }),
    ],
  });
}
