import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import winston from 'winston';
import { createLog } from '../../../shared/log.ts';

describe('the log', () => {
  it('writes one line for one entry, whatever a node or client has put into it', async () => {
    const log = createLog('test');
    const written: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        written.push(String(chunk));
        done();
      },
    });
    log.clear().add(new winston.transports.Stream({ stream, eol: '\n' }));
    log.info('said\nforged', {
      version: '1\r\n2026-01-01 ERROR coordinator: forged',
      screen: '\u001b[2J\u009b31m',
      lines: ['a\nb\u2028'],
    });
    const text = written.join('');
    assert.equal(text.split('\n').length, 2);
    assert.ok(text.includes('said\\u000aforged') && text.includes('version=1\\u000d\\u000a2026'));
    assert.ok(text.includes('screen=\\u001b[2J\\u009b31m'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    assert.doesNotMatch(text.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028]/);
  });
});
