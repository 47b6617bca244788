// The one logger: lines for journald on stderr, or JSON with BATON_LOG_FORMAT=json. Never log a secret.
import winston from 'winston';

export type Log = winston.Logger;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A text on one line without anything that a terminal obeys: nodes and clients must not forge lines. */
export function onOneLine(text: string): string {
  return text.replace(control, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function createLog(component: string): Log {
  const { combine, json, printf, timestamp } = winston.format;
  const line = printf(({ level, message, timestamp: at, ...rest }) => {
    const fields = Object.entries(rest)
      .filter(([name]) => name !== 'component')
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    return onOneLine(
      [String(at), level.toUpperCase().padEnd(5), `${component}:`, String(message), ...fields].join(' '),
    );
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
