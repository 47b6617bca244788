// Turns SIGTERM and SIGINT into one AbortSignal; a second one ends the process at once.

export interface StopSignal {
  signal: AbortSignal;
  /** Stops listening to the process's signals. */
  release(): void;
}

/** Listens for SIGTERM and SIGINT until released. */
export function listenForStop(): StopSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1);
    controller.abort(name);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGTERM', stop).off('SIGINT', stop);
    },
  };
}
