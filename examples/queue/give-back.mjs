import { DelayedError, UnrecoverableError } from 'bullmq';

/** A job that waits for a model waits a day at most, from when it was added. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

/** Gives a job back to BullMQ whose call failed with `error`. */
export async function giveBack(job, token, error) {
  if (error.retryable === false) throw new UnrecoverableError(error.message, { cause: error });
  const again = Date.now() + (error.retryAfterMs ?? 0);
  if (!error.retryAfterMs || again > job.timestamp + LONGEST_WAIT_MS) throw error;
  await job.moveToDelayed(again, token);
  throw new DelayedError();
}
