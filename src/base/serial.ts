/** Doing things one after the other where they might nest. */

/** Takes in something to do. */
export type Serial = (task: () => void) => void;

/**
 * Runs tasks at once, but a task that is handed in while another runs waits until that one has ended. So those who
 * react to an event by causing another do not make others hear the second before the first.
 */
export function createSerial(): Serial {
  const waiting: (() => void)[] = [];
  let running = false;
  return (task) => {
    waiting.push(task);
    if (running) return;
    running = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
    } finally {
      running = false;
    }
  };
}
