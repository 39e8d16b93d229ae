/** What is under way: a live line on a terminal, elsewhere one line for each call that has ended. */
import { title } from './report.mjs';
import { cut } from './table.mjs';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * @param {number} total how many calls there will be
 * @param {NodeJS.WriteStream} stream
 */
export function startProgress(total, stream) {
  const waiting = new Map();
  let done = 0;
  let frame = 0;

  const draw = () => {
    const names = [...waiting.keys()].map(({ modelId }) => modelId);
    const text = `${FRAMES[frame++ % FRAMES.length]} ${done} of ${total} done, waiting for ${names.join(', ')}`;
    stream.write(`\r\u001b[K${cut(text, (stream.columns ?? 80) - 1)}`);
  };
  const timer = stream.isTTY ? setInterval(draw, 100) : undefined;

  return {
    begin(call) {
      waiting.set(call, performance.now());
    },
    end(call, how) {
      const seconds = (performance.now() - waiting.get(call)) / 1000;
      waiting.delete(call);
      done += 1;
      if (!stream.isTTY) stream.write(`${done}/${total}  ${title(call)}: ${how} after ${seconds.toFixed(2)} s\n`);
    },
    stop() {
      clearInterval(timer);
      if (stream.isTTY) stream.write('\r\u001b[K');
    },
  };
}
