// What a slate is asked, and what it gives.

/** Which models are to be asked about which matches, each about each. */
export interface SlateRequest {
  /** 1 to 1,000 matches with distinct ids; at most 10 MiB of text together, 1 MiB each. */
  matches: Match[]
  /** The ids of the models, each once; `'active'`: every active model, those that cool included. Default: `'active'`. */
  models?: string[] | 'active' | null
  /** Only these cells, each once, such as those that an earlier slate missed; not beside `models`. */
  cells?: { modelId: string; matchId: string }[] | null
  /**
   * What is done about a model that fails. `'reuse'`: of its chain, a model that the slate asks about the match anyway stands in
   * with its answer, at no cost, and one outside the slate is asked once for all who need it. `'call'`: the models of its
   * chain are called, as by a single prediction. `'none'`: nothing. Default: `'reuse'`.
   */
  fallbacks?: 'reuse' | 'call' | 'none' | null
  /** The version of the composed prompt, for every model. Default: the pinned one, else the active one. */
  promptVersion?: string | null
}

/** How to do it. What is absent is left to the model, then to the configuration; an unknown field is refused. */
export interface SlateOptions {
  /** Aborts the slate and its HTTP requests; `result()` rejects with `ABORT_ERR` and what was paid for. */
  signal?: AbortSignal | null
  /** Time for the whole slate in milliseconds, 1 to 86,400,000. Default: 600,000, whatever the configuration's. */
  deadlineMs?: number | null
  /** Time for one HTTP call in milliseconds, 1 to 3,600,000; no wait counts. Default: the model's, then the configuration's. */
  attemptTimeoutMs?: number | null
  /** Sampling temperature, 0 to 2; moved into the provider's range. Default: the provider's own. */
  temperature?: number | null
  /** Most tokens of one completion, 1 to 1,000,000; cut to the provider's limit. Default: what the matches need. */
  maxTokens?: number | null
  /** US dollars for all fallbacks of one request together, worst case, 0 to 1,000,000. Default: the configuration's. */
  maxFallbackCost?: number | null
  /** How many models may stand in or be called for one request's, 0 to 100. Default: the configuration's. */
  maxFallbackDepth?: number | null
  /**
   * US dollars for the whole slate, worst case, 0 to 1,000,000; beside the day's budget. A request that does not fit beside those
   * under way waits for them; one that would not fit without them is `over_budget`. Default: no limit.
   */
  maxCostUsd?: number | null
  /** How many requests may be under way at once, at all providers together, 1 to 100,000. Default: no limit but the providers'. */
  maxInFlight?: number | null
  /** How many matches one request asks about at most, 1 to 100. Default: as many as `max_tokens` answers, at most 20. */
  matchesPerRequest?: number | null
  /** Whether matches whose `kickoff` has passed are asked about; otherwise they are missed, `kicked_off`. Default: false. */
  allowStarted?: boolean | null
  /** Whether outcomes have `reasoning` and `rawResponse`; otherwise null and the empty string. Default: false. */
  keepReplies?: boolean | null
  /** Your own id of the slate, as `PredictOptions.requestId`: each of its calls has it. Default: none. */
  requestId?: string | null
  /** Where the slate stands in a trace, as `PredictOptions.traceparent`. Default: none is sent. */
  traceparent?: string | null
  /**
   * Once `afterMs` (0 to 86,400,000) have passed and every match has answers of `modelsPerMatch` (1 to 10,000) distinct models,
   * the requests that wait are given up; those under way are awaited. Default: never.
   */
  enough?: { modelsPerMatch: number; afterMs: number } | null
}

/**
 * A slate under way. It runs whether or not it is iterated, and to its end if nobody holds it. Iterating gives what became of
 * its cells as it comes, none of it dropped; leaving the loop cancels the slate, and waits until nothing of it is left running.
 */
export interface Slate extends AsyncIterable<SlateEvent> {
  /** What it set out to do. */
  readonly plan: SlatePlan
  /** How it stands now. */
  progress(): SlateProgress
  /**
   * Resolves when the last request has ended. Rejects, then too, with a `FallcastError` whose `outcome` is what there is: after an
   * abort or a close, or if nothing at all came. A rejection that nobody asked for is not unhandled.
   */
  result(): Promise<SlateOutcome>
  /** Ends it: what is under way is cut off, and `result()` resolves with what there is. */
  cancel(): void
  /** The events. There is one reader: a second throws `INVALID_REQUEST`. */
  [Symbol.asyncIterator](): AsyncIterableIterator<SlateEvent>
}

/** What became of cells, or how the slate stands. The first and the last are `progress`. */
export type SlateEvent =
  /** One model's answer to one request, or another's in its place; cells without a prediction are told as `missed` as well. */
  | { type: 'answered'; outcome: PredictionOutcome }
  /** Cells of one model that have no answer, and will have none. */
  | { type: 'missed'; modelId: string; matchIds: string[]; why: MissingReason; error: FallcastError }
  /** The latest numbers, at most ten times a second but for the last. */
  | { type: 'progress'; progress: SlateProgress }

/** Why a cell has no answer: how its call ended, what its model failed with, why it was passed over, or one of the slate's own. */
export type MissingReason = ErrorCode | FailureKind | SkipReason | 'kicked_off' | 'enough' | 'cancelled'

/** What a slate came to. Every cell is among the predictions of one outcome or in `missing`, never both. */
export interface SlateOutcome {
  /** One for each request with an answer, as they came. */
  outcomes: PredictionOutcome[]
  /** The cells without an answer, by model and match in order: `cells` for a slate that tries them again. */
  missing: MissingCell[]
  /** What the models that answered say of each match that has an answer. */
  consensus: Consensus[]
  /** What all attempts cost, those without an answer included, in US dollars. */
  costUsd: number
  /** From the call to the end of the last request, in milliseconds. */
  durationMs: number
  /** Whether every cell has an answer. */
  complete: boolean
}
