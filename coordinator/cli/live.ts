// Shows a run while it goes on: a picture that renews itself in a terminal, one line an event elsewhere; to stderr.
// The picture is log-update's, not listr2's: listr2's tasks are promises that end once, while a run's items go back
// (retry, undo) and arrive as a stream that may be taken up again in the middle.
import { createLogUpdate } from 'log-update';
import type { RunDocument, WatchDocument } from '../../shared/documents.ts';
import type { Failure, Result } from '../../shared/failures.ts';
import type { OperatorClient } from './client.ts';
import { followRun } from './follow.ts';
import type { Io } from './io.ts';
import { eventLine } from './view/event-line.ts';
import { liveFrame } from './view/live-frame.ts';
import { applyWatch, viewOf } from './view/run-view.ts';

const frameEveryMs = 120;

interface Show {
  event(message: WatchDocument): void;
  notice(text: string): void;
  /** Takes the view away, or leaves its last picture. */
  end(how: 'clear' | 'keep'): void;
}

/** Follows a run until it leaves `running`, showing what happens. `run` is its state as last read. */
export async function showRunLive(
  client: OperatorClient,
  io: Io,
  run: RunDocument,
  from: 'start' | 'now',
): Promise<Result<RunDocument>> {
  const show = io.canDraw ? picture(io, run) : lines(io);
  io.onInterrupt = () => {
    show.end('keep');
    return `detached; the run goes on. Back to it: baton run watch ${run.id}`;
  };
  try {
    // A picture starts from the state; lines may have to tell what happened so far as well.
    const after = io.canDraw || from === 'now' ? run.head.sequence : 0;
    return await followRun(client, run.id, after, {
      event: (message) => {
        if (message.notice === undefined) show.event(message);
        else show.notice(message.notice);
      },
      lost: (failure: Failure) =>
        show.notice(`coordinator out of reach, the run goes on; reconnecting (${failure.message})`),
      found: () => show.notice(io.canDraw ? '' : 'coordinator is back'),
    });
  } finally {
    show.end('clear');
    io.onInterrupt = () => `left. To see the run: baton run show ${run.id}`;
  }
}

function picture(io: Io, run: RunDocument): Show {
  const update = createLogUpdate(io.stderr);
  let view = viewOf(run);
  const draw = () => {
    const size = { columns: io.stderr.columns, rows: io.stderr.rows };
    update(liveFrame(view, Date.now(), size, io.notePaint).join('\n'));
  };
  const timer = setInterval(draw, frameEveryMs);
  let isOver = false;
  return {
    event: (message) => {
      view = applyWatch(view, message);
    },
    notice: (text) => {
      view = { ...view, notice: text };
    },
    end: (how) => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      if (how === 'clear') update.clear();
      else draw();
      update.done();
    },
  };
}

function lines(io: Io): Show {
  const tenths = new Map<string, number>();
  let noticed = '';
  return {
    event: (message) => {
      const line = eventLine(message, tenths);
      if (line !== undefined) io.note(line);
    },
    notice: (text) => {
      // Told again and again while it lasts: a log says it once.
      if (text !== noticed) io.note(text === '' ? 'the journal takes events again; the run goes on' : text);
      noticed = text;
    },
    end: () => {},
  };
}
