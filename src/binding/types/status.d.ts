// What `getStatus` gives.

/** An engine as its operator sees it, all of one moment. Times are ISO 8601, costs US dollars. */
export interface Status {
  /** When it was taken. */
  at: string
  /** What the ids of the engine's calls begin with; another engine has another. */
  engineId: string
  /** Whether the engine is closed. */
  closed: boolean
  /** How many models are active: those of `models` whose `state` is so. */
  activeModelCount: number
  /** After how many failures in a row a model is switched off; null: never. */
  disableThreshold: number | null
  /** From which share of the day's budget on no fallback is asked that is dearer than the original, 0 to 1. */
  pauseFallbacksAt: number
  /** A fallback that is dearer than so many times the original is told; null: none is. */
  warnPriceRatio: number | null
  /** Every model, in the order of the catalogue. */
  models: StatusModel[]
  /** Every provider, in the order of the catalogue. */
  providers: ProviderStatus[]
  /** The routes of today (UTC), sorted by original, model that answered, and reason; with a state file, those from before a restart too. */
  routes: RouteMetrics[]
  /** Today and the seven days before, where anything is known of them, the latest first; kept in the state file. */
  days: DayMetrics[]
  /** The day's budget. */
  budget: Budget
  /** Every version of the prompts, in the order of the manifest; then `own`, if callers brought prompts of their own. */
  prompts: StatusPrompt[]
  /** The last 200 calls, the last first: no prompt and no reply. */
  calls: CallStatus[]
  /** The last 200 events, the last first, as listeners get them. */
  events: LastEvent[]
  /** How the engine stands in its fleet; null if it belongs to none. Models, the count and the budget are the fleet's then, all else is the engine's own. */
  fleet: FleetStatus | null
}

/** A model, and what the attempts at it came to lately. */
export interface StatusModel extends ModelStatus {
  /** What it has cost today. */
  costTodayUsd: number
  /** The attempts that ended in the last 5 minutes, hour and day: to a fifteenth of the first two, to an hour of the day. */
  windows: { fiveMinutes: StatusWindow; hour: StatusWindow; day: StatusWindow }
  /** The part of its attempts that gave a prediction in each fifteenth of the last hour, the earliest first; null where none ended. Empty if it was never asked. */
  trend: (number | null)[]
}

/** What attempts came to in a span that ends now. */
export interface StatusWindow {
  /** How many ended in it. */
  attempts: number
  /** How many of them gave at least one prediction. */
  answered: number
  /** The duration that half of them did not exceed, in milliseconds, to about a tenth; null without any. */
  p50Ms: number | null
  /** The duration that 95 of a hundred did not exceed, in milliseconds, to about a tenth; null without any. */
  p95Ms: number | null
  /** What they cost. */
  costUsd: number
}

/** A provider, and how many requests it has now. */
export interface ProviderStatus {
  /** The provider. */
  id: string
  /** Whether it has a key or needs none. */
  configured: boolean
  /** How many attempts are under way there. */
  inFlight: number
  /** How many may be at once; null: any number. */
  limit: number | null
  /** How many wait for their turn. */
  waiting: number
  /** Until when all its models are left alone; null if they are not. */
  coolingUntil: string | null
  /** The failure that caused it; null if there is none. */
  coolingKind: FailureKind | null
}

/** What one day in UTC came to. */
export interface DayMetrics {
  /** The day, as `YYYY-MM-DD`. */
  day: string
  /** How many calls ended. */
  calls: number
  /** How many of them gave at least one prediction. */
  answered: number
  /** How many of those were answered by another model than the one that was asked for. */
  fallbacks: number
  /** What all their attempts cost. */
  costUsd: number
  /** How much more that is than the originals alone would have cost, by estimate; below 0 if it is less. */
  extraCostUsd: number
  /** The attempts at each model that was asked, sorted by id. */
  models: { modelId: string; attempts: number; answered: number; costUsd: number }[]
}

/** A version of the prompts, and what became of the attempts with it since the engine began. */
export interface StatusPrompt extends PromptVersionStatus {
  /** How many attempts were sent it. */
  attempts: number
  /** How many of them gave at least one prediction. */
  validReplies: number
}

/** A call that has ended. */
export interface CallStatus {
  /** Its id, as in its outcome or error. */
  callId: string
  /** The caller's own id of it; null if there is none. */
  requestId: string | null
  /** What it was about: predictions, or a question of one's own. */
  task: 'predict' | 'ask'
  /** The model that was asked for. */
  originalModelId: string
  /** The model that answered, of several the last that contributed; null if none did. */
  modelId: string | null
  /** Why that is not the original; null if it is. Of a call without an answer: what ended it from outside, else why the original did not answer. */
  reason: FallbackReason | null
  /** The code of its error; null if it has an outcome. */
  code: ErrorCode | null
  /** When it began. */
  startedAt: string
  /** From then to its end, in milliseconds. */
  durationMs: number
  /** What all attempts cost. */
  costUsd: number
  /** Estimate of what the original alone would have cost. */
  originalCostUsd: number
  /** How many matches were asked about. */
  asked: number
  /** How many of them were predicted. */
  answered: number
  /** Every attempt, in order. */
  attempts: CallStatusAttempt[]
  /** Every model that was passed over, and why. */
  skips: { modelId: string; reason: SkipReason }[]
}

/** An attempt of a call that has ended. */
export interface CallStatusAttempt {
  /** The model that was asked. */
  modelId: string
  /** Its provider. */
  providerId: string
  /** Why it failed; null if it gave at least one prediction. */
  failure: FailureKind | null
  /** The HTTP status of the last reply; null if none came. */
  status: number | null
  /** How many times the request was sent again. */
  retries: number
  /** When it began. */
  startedAt: string
  /** From then to the end of the last reply, in milliseconds. */
  durationMs: number
  /** What it cost. */
  costUsd: number
}

/** An event as listeners get it, but for `dropped`. */
export type LastEvent = EngineEvent extends infer Each ? (Each extends EngineEvent ? Omit<Each, 'dropped'> : never) : never
