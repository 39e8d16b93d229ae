// What goes in. (What comes out is generated from the Rust types, below.)

/** What to predict, and with which model. */
export interface PredictionRequest {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** 1 to 100 matches with distinct ids; at most 1 MiB of text together. */
  matches: Match[]
  /**
   * A prompt of your own, at most 1 MiB: its texts are sent exactly as they are, without a system message if `system`
   * is absent. The reply is read for the ids of `matches` as always, so the text must ask for them; and where the model
   * allows `response_format`, JSON is asked for as always.
   */
  prompt?: { system?: string | null; user: string } | null
  /** The version of the composed prompt, for every model of the chain. Default: the pinned one, else the active one. */
  promptVersion?: string | null
}

/** One football match. */
export interface Match {
  /** Names the match in the outcome; unique within the request, 1 to 256 characters, no half of a surrogate pair. */
  id: string
  /** The home side, 1 to 256 characters. */
  homeTeam: string
  /** The away side, 1 to 256 characters. */
  awayTeam: string
  /** The competition, 1 to 256 characters. */
  competition?: string | null
  /** ISO 8601 date, or date and time, that there is. */
  kickoff?: string | null
  /** Anything that helps the model: form, injuries, odds. */
  analysis?: string | null
}

/** How to do it. What is absent is left to the model, then to the configuration; an unknown field is refused. */
export interface PredictOptions {
  /** Aborts the call and its HTTP request; the promise rejects with `ABORT_ERR`. */
  signal?: AbortSignal | null
  /** Time for the whole request in milliseconds, 1 to 86,400,000. Default: the configuration's. */
  deadlineMs?: number | null
  /** Time for one HTTP call in milliseconds, 1 to 3,600,000. Default: the model's, then the configuration's. */
  attemptTimeoutMs?: number | null
  /** US dollars for all fallbacks of this request together, worst case, 0 to 1,000,000. Default: the configuration's. */
  maxFallbackCost?: number | null
  /** How many fallbacks may be called, 0 to 100. Default: the configuration's. */
  maxFallbackDepth?: number | null
  /** Sampling temperature, 0 to 2; moved into the provider's range. Default: the provider's own. */
  temperature?: number | null
  /** Most tokens of one completion, 1 to 1,000,000; cut to the provider's limit. Default: what the matches need. */
  maxTokens?: number | null
  /** At most 16 stop sequences of 1 to 256 characters; those beyond the provider's limit are not sent. Default: none. */
  stop?: string[] | null
  /**
   * Your own id of this call, 1 to 200 characters without control characters: it comes back beside `callId` in the outcome
   * or the error, in the events and in the log records. Default: none.
   */
  requestId?: string | null
}

/** How an engine works. Every field is optional; an unknown one is `INVALID_CONFIG`. */
export interface Config {
  /** Begin with the built-in catalogue (true), or with nothing (false). Default: true. */
  builtinCatalog?: boolean
  /** A folder with models.json, providers.json or both, laid over the built-in catalogue by id. */
  catalog?: string
  /** Providers laid over the catalogue by id; each replaces the whole entry with its id. */
  providers?: Provider[]
  /** Models laid over the catalogue by id; each replaces the whole entry with its id. */
  models?: Model[]
  /** Fallbacks laid over the models' own: a model's id, and the id or ids that follow it. */
  fallbacks?: Record<string, string | string[]>
  /**
   * A folder with a manifest.json and the components as Markdown files, like `catalog/prompts`, which is watched and
   * reloaded when it changes; or the same as an object. Default: the built-in prompts.
   */
  prompts?: string | Prompts
  /** How many fallbacks one request may call, 0 to 100. Default: 3. */
  maxFallbackDepth?: number
  /** A fallback whose expected cost is more than this many times (above 0) the original's is told as `cost_warning`; null: none is. Default: 2. */
  warnPriceRatio?: number | null
  /** A fallback whose expected cost is more than this many times (above 0) the original's is skipped; null: none is. Default: 5. */
  maxPriceRatio?: number | null
  /** US dollars for all fallbacks of one request together, worst case; null: no limit. Default: null. */
  maxFallbackCost?: number | null
  /** US dollars that a day in UTC may cost, 0 to 1,000,000,000; null: any sum. Default: what the environment variable `DAILY_BUDGET` says, else null. */
  dailyBudgetUsd?: number | null
  /** From this share of it on, 0 to 1, fallbacks dearer than the original are skipped. Default: 0.8. */
  pauseFallbacksAt?: number
  /** The shares of it of which the event `budget` tells once a day that they are spent; at most 20, each above 0 and at most 10. Default: [0.5, 0.8, 1]. */
  budgetAlerts?: number[]
  /**
   * A file that keeps health, cooling, spend and pinned prompts for the next start, written about once a second while
   * they change, and on `close()`. Its folder must exist; one engine at a time may use it. Default: none.
   */
  stateFile?: string
  /** Failures in a row that switch a model off, 1 to 255; null: never. Default: 5. */
  disableThreshold?: number | null
  /**
   * For how long a model is switched off, in milliseconds, 1 to 2,592,000,000; doubled, up to 24 hours, with each time
   * that no success came between. Default: 3,600,000 (1 h).
   */
  cooldownMs?: number
  /** Failures that a model has on its account when it comes back, 0 to `disableThreshold` − 1. Default: 2, or what a lower threshold allows. */
  failuresAfterRecovery?: number
  /** Transient failures in a row (`timeout`, `network`, `server_error`) that make a model cool, 1 to 255; null: never. Default: 5. */
  transientThreshold?: number | null
  /**
   * For how long it cools then, in milliseconds, 1 to 2,592,000,000; doubled, up to 10 minutes, with each time that no
   * success came between. Default: 60,000.
   */
  transientCooldownMs?: number
  /** For how long all models of a provider are left alone that refused the key (401) or the account, in milliseconds, 1 to 2,592,000,000. Default: 60,000. */
  providerCooldownMs?: number
  /** Time for one HTTP call in milliseconds, 1 to 3,600,000, unless the model or the request says otherwise. Default: 25,000. */
  attemptTimeoutMs?: number
  /** Time for one request in milliseconds, 1 to 86,400,000, unless the request says otherwise. Default: 115,000. */
  deadlineMs?: number
  /** How often the last model of a chain is asked again after a failure that may pass, 0 to 10. Default: 2. */
  maxRetries?: number
  /** Whether another model is asked when a content filter stopped the answer. Default: false. */
  fallbackOnContentFilter?: boolean
  /** The HTTP client. */
  http?: {
    /** Time until a connection stands, TLS included, in milliseconds, 1 to 3,600,000. Default: 10,000. */
    connectTimeoutMs?: number
    /** The largest reply in bytes, after decompression, 1 to 268,435,456. Default: 4,194,304 (4 MiB). */
    maxResponseBytes?: number
    /** PEM certificates of authorities to trust beside Mozilla's. Default: none. */
    caCertificates?: string[]
    /** The `User-Agent`, 1 to 200 visible ASCII characters and spaces. Default: `fallcast/<version>`. */
    userAgent?: string
    /** Whether plain `http:` is allowed to hosts other than this machine. Default: false. */
    allowInsecureHttp?: boolean
  }
  /** Receives log records, on the thread that configured the engine. What it throws, or its promise rejects with, is ignored. Default: none. */
  onLog?: (record: LogRecord) => void
  /** The least important level that `onLog` receives. Default: 'info'. */
  logLevel?: LogLevel
}

/** An HTTP service that speaks the OpenAI chat-completions protocol. */
export interface Provider {
  /** Names the provider; unique, 1 to 200 characters, not `__proto__`. */
  id: string
  /** `https:`, or `http:` to this machine (or anywhere with `http.allowInsecureHttp`); requests go to `<baseUrl>/chat/completions`. */
  baseUrl: string
  /**
   * The environment variable of the process that holds the key, read when the engine is built; an empty one is no key.
   * Without it and without `apiKey` the provider needs no key. A worker thread's `process.env` is a copy, which is not
   * looked at.
   */
  apiKeyEnv?: string | null
  /** The key itself, not empty; wins over `apiKeyEnv`. */
  apiKey?: string
  /** More headers for every request, but none that the client sets itself, and no `authorization` beside a key. */
  headers?: Record<string, string>
  /** Put before `upstreamModel` on the wire, such as `hf:`. Default: nothing. */
  modelIdPrefix?: string
  /** What the provider's models accept, unless a model says otherwise. Default: no limits. */
  limits?: Limits
  /** Whether `response_format` may be sent, unless a model says otherwise. Default: false. */
  responseFormat?: boolean
  /** How many calls may run at once, from 1; those beyond wait their turn. null: no limit. Default: null. */
  maxConcurrency?: number | null
}

/** What a provider or a model accepts. Requests are made to fit, and `attempt.adjusted` says how. */
export interface Limits {
  /** The largest `max_tokens`, from 1. */
  maxTokens?: number
  /** The least and the greatest temperature, within 0 to 10. */
  temperature?: [number, number]
  /** How many stop sequences, from 0. */
  maxStopSequences?: number
}

/** A model of the catalogue. */
export interface Model {
  /** Names the model in requests and outcomes; unique, 1 to 200 characters, not `__proto__`. */
  id: string
  /** The id of its provider. */
  provider: string
  /** The provider's name for it, without `modelIdPrefix`. */
  upstreamModel: string
  /** A name for people. Default: the id. */
  displayName?: string
  /** A price class of your own. */
  tier?: string
  /** Anything worth knowing about the model, at most 2,000 characters; not used. */
  notes?: string
  /** US dollars for a million prompt tokens, 0 to 1,000,000. */
  promptUsdPer1M: number
  /** US dollars for a million completion tokens, 0 to 1,000,000. */
  completionUsdPer1M: number
  /** US dollars for a million cached prompt tokens. Default: as other prompt tokens. */
  cachedPromptUsdPer1M?: number
  /** US dollars for a million reasoning tokens. Default: as other completion tokens. */
  reasoningUsdPer1M?: number
  /** The ids of the models to try after it, in order. Default: none. */
  fallbacks?: string[]
  /** Time for one HTTP call in milliseconds, 1 to 3,600,000. Default: the configuration's. */
  timeoutMs?: number
  /** Whether it thinks before it answers, and needs room for that. Default: false. */
  reasoning?: boolean
  /** Whether `response_format` may be sent. Default: the provider's. */
  responseFormat?: boolean
  /** Components of the prompts that this model is sent before the output format, in order. Default: none. */
  promptOverrides?: string[]
  /** What it accepts, field by field in place of the provider's. */
  limits?: Limits
  /** Whether it may be called at all. Default: true. */
  enabled?: boolean
}

/** Prompts as an object: the manifest, with the texts of the components in it. */
export interface Prompts {
  /** The versions by name, 1 to 100. */
  versions: Record<string, PromptVersion>
  /**
   * The texts by name. `{{matches}}`, `{{active_models}}` and `{{date}}` are filled; any other `{{` is a fault. The
   * built-in overrides need not be among them.
   */
  components?: Record<string, string>
}

/**
 * A version of the prompts. Of several that are active for a model, those with a weight share its requests, if all of
 * them have one; a version without a weight gives way to those that name the model.
 */
export interface PromptVersion {
  /** What changed and why, at most 2,000 characters; not used. */
  notes?: string
  /** The components of the system message, in order. The model's overrides and `output` follow. */
  system: string[]
  /** The component that says how to answer. */
  output: string
  /** The components of the user message, in order; `{{matches}}` stands in one of them, once. */
  user: string[]
  /** By a model's exact id, components that it is sent after those of its `promptOverrides`. Default: none. */
  overrides?: Record<string, string[]>
  /** When it begins to be active: an ISO 8601 date, or date and time, in UTC. Default: always has been. */
  activeFrom?: string
  /** When it ceases to be active, likewise. Default: never. */
  activeTo?: string
  /** The exact ids of the models that it is for. Default: all. */
  models?: string[]
  /** Its share of the requests, in proportion to those of the others, 1 to 1,000,000. Default: none. */
  weight?: number
}

/** What `updateCatalog` lays over the catalogue. */
export type CatalogChanges = Pick<Config, 'providers' | 'models' | 'fallbacks'>

/** A model's id, and the ids of its fallbacks in order. */
export type ModelFallbacks = Record<string, string[]>

/** How important a log record is. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace'

/** One log record. */
export interface LogRecord {
  /** How important it is. */
  level: LogLevel
  /** What happened; the same text every time. */
  message: string
  /**
   * With what: model, provider, kind, status and the like, and with every record of a call its `callId` and `requestId`,
   * where it has one. Keys, prompts and replies are never among it.
   */
  fields: Record<string, string | number | boolean>
  /** How many records before this one were dropped because too many waited. */
  dropped: number
}

/** What every event has. */
export interface EventBase {
  /** 1 for the first event of the engine, then one more each. */
  sequence: number
  /** When it happened, as an ISO 8601 time. */
  at: string
  /** The call that caused it, as its outcome or error has it; null if none did. */
  callId: string | null
  /** The `requestId` of that call; null if it has none. */
  requestId: string | null
  /** How many events before this one were dropped because more than 4,096 waited for the listener. */
  dropped: number
}

/** Something that happened in an engine; `type` tells which. */
export type EngineEvent =
  | DisabledEvent
  | EnabledEvent
  | RecoveredEvent
  | CoolingEvent
  | CooledEvent
  | ProviderCoolingEvent
  | ProviderCooledEvent
  | RestoredEvent
  | FallbackEvent
  | CostWarningEvent
  | UsageDoubtedEvent
  | BudgetEvent
  | StateDamagedEvent
  | StateUnsavedEvent
  | PromptsReloadedEvent
  | PromptsRejectedEvent

/** A model was switched off, by its failures or by hand. */
export interface DisabledEvent extends EventBase {
  type: 'disabled'
  /** The model. */
  modelId: string
  /** When it comes back, as an ISO 8601 time; null if it was switched off by hand. */
  disabledUntil: string | null
  /** Why. */
  reason: string
  /** Its failures in a row. */
  consecutiveFailures: number
}

/** A model was switched on by hand. */
export interface EnabledEvent extends EventBase {
  type: 'enabled'
  /** The model. */
  modelId: string
}

/** A model that its failures had switched off is back, for its time has come. */
export interface RecoveredEvent extends EventBase {
  type: 'recovered'
  /** The model. */
  modelId: string
  /** Failures that it has on its account still. */
  consecutiveFailures: number
}

/** A model is left alone for a moment, or at least a second longer than was told before. It is active all the same. */
export interface CoolingEvent extends EventBase {
  type: 'cooling'
  /** The model. */
  modelId: string
  /** Until when, as an ISO 8601 time. */
  coolingUntil: string
  /** The failure that caused it. */
  kind: FailureKind
}

/** A model is left alone no longer, for its time is over; told once, and not of a cooling that `enableModel` ended. */
export interface CooledEvent extends EventBase {
  type: 'cooled'
  /** The model. */
  modelId: string
}

/** All models of a provider are left alone for a moment, for it refused the key or the account. */
export interface ProviderCoolingEvent extends EventBase {
  type: 'provider_cooling'
  /** The provider. */
  providerId: string
  /** Until when, as an ISO 8601 time. */
  coolingUntil: string
  /** The failure that caused it. */
  kind: FailureKind
}

/** The models of a provider are left alone no longer, for its time is over; told once. */
export interface ProviderCooledEvent extends EventBase {
  type: 'provider_cooled'
  /** The provider. */
  providerId: string
}

/** A snapshot was taken over. */
export interface RestoredEvent extends EventBase {
  type: 'restored'
  /** The models in it that the catalogue does not have; nothing was done about them. */
  ignoredModelIds: string[]
}

/** A fallback is about to be asked. */
export interface FallbackEvent extends EventBase {
  type: 'fallback'
  /** The call that falls back. */
  callId: string
  /** The model that was asked for. */
  originalModelId: string
  /** The model that is asked in its place. */
  modelId: string
  /** Why. */
  reason: FallbackReason
  /** The version of the prompt that it is sent; `own` for a prompt of the caller's. */
  promptVersion: string
  /** The names of the prompt's overrides, in order. */
  overrides: string[]
}

/** A fallback that is about to be asked is dearer than `warnPriceRatio` times the original. */
export interface CostWarningEvent extends EventBase {
  type: 'cost_warning'
  /** The call that falls back. */
  callId: string
  /** The model that was asked for. */
  originalModelId: string
  /** The model that is asked in its place. */
  modelId: string
  /** How many times dearer the whole request is expected to be on it. */
  priceRatio: number
  /** What the whole request is expected to cost on it, in US dollars. */
  expectedCostUsd: number
  /** What it was expected to cost on the original, in US dollars. */
  originalCostUsd: number
}

/**
 * A share of the day's budget is spent; told once a day. Shares up to the whole are also told when what is left covers
 * no model of a call, while nothing is reserved that may come back.
 */
export interface BudgetEvent extends EventBase {
  type: 'budget'
  /** The share, as `budgetAlerts` has it. */
  threshold: number
  /** What is spent, in US dollars; it may be more than that share. */
  spentUsd: number
  /** The day's budget, in US dollars. */
  dailyBudgetUsd: number
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string
}

/**
 * The `usage` of a reply is hard to believe: a half of it is missing beside the other, is no whole number of tokens, is 0
 * beside a text, or is more than 2,000,000, which is estimated; or the prompt has many more tokens than bytes were sent,
 * which is booked as told. Told once a model.
 */
export interface UsageDoubtedEvent extends EventBase {
  type: 'usage_doubted'
  /** The model. */
  modelId: string
  /** What the reply says; null for what it does not. */
  told: { promptTokens: number | null; completionTokens: number | null; totalTokens: number | null }
  /** What is booked. */
  booked: Usage
  /** What is wrong, in words. */
  problem: string
}

/** The state file held no state when the engine was built; told to the first listener. */
export interface StateDamagedEvent extends EventBase {
  type: 'state_damaged'
  /** Where the file is now. */
  movedTo: string
  /** What is wrong with it. */
  problem: string
}

/** The state could not be written; told once until it can be again. */
export interface StateUnsavedEvent extends EventBase {
  type: 'state_unsaved'
  /** What went wrong. */
  problem: string
}

/** The folder of the prompts was changed, and what it holds is in use. */
export interface PromptsReloadedEvent extends EventBase {
  type: 'prompts_reloaded'
  /** The names of the versions, in the order of the manifest. */
  versions: string[]
}

/** The folder of the prompts was changed and has faults; the prompts in use stay. */
export interface PromptsRejectedEvent extends EventBase {
  type: 'prompts_rejected'
  /** Every fault, with its file and path. */
  faults: string[]
}

/** Another set of models is active. */
export interface InvalidationEvent {
  /** What is not to be used any more where it was cached. */
  key: 'stats:active_model_count'
  /** What changed the active set. */
  cause: 'disabled' | 'recovered' | 'enabled' | 'restored' | 'catalog'
  /** The model, if it was one. */
  modelId: string | null
  /** How many models are active since: the number after this change and before the next. */
  activeModelCount: number
  /** 1 for the first invalidation of the engine, then one more each. */
  sequence: number
  /** How many invalidations before this one were dropped because more than 4,096 waited for the listener. */
  dropped: number
}

/** The state of an engine as plain JSON. Times are ISO 8601. */
export interface Snapshot {
  /** The version of the format. */
  version: 1
  /** When it was taken. */
  takenAt?: string
  /** What is known of each model, by id. */
  models?: Record<string, ModelSnapshot>
  /** Every provider that is left alone, by id: until when, and the failure that caused it. */
  providers?: Record<string, { coolingUntil: string; kind: FailureKind }>
  /** What was spent on the day. */
  spend?: DaySpend
  /** What was spent on other days that are not over for every clock; absent where nothing was. */
  otherDays?: DaySpend[]
  /** The version of the prompts that is pinned; null if none is. */
  pinnedPrompts?: string | null
}

/** What was spent on a day in UTC, by model. */
export interface DaySpend {
  /** The day, as `YYYY-MM-DD`. */
  day: string
  /** What each model has cost, in whole millionths of a US dollar. */
  microUsd?: Record<string, number>
  /** What each has cost beyond that, in billionths of a US dollar; absent where none has. */
  nanoUsd?: Record<string, number>
  /** What each may be billed beyond that, in billionths of a US dollar; absent where nothing is uncertain. */
  uncertainNanoUsd?: Record<string, number>
}

/** What is known of one model. */
export interface ModelSnapshot {
  /** When anything of it changed last; of two states the later wins. */
  changedAt: string
  /** Failures in a row that count. */
  failures?: number
  /** How often its failures switched it off since its last success. */
  disables?: number
  /** When it comes back (null: when it is switched on by hand) and why it is switched off; null if it is not. */
  disabled?: { until?: string | null; reason?: string } | null
  /** Transient failures in a row. */
  transientFailures?: number
  /** How often they made it cool since its last success. */
  coolings?: number
  /** Until when it cools; null if it does not. */
  coolingUntil?: string | null
  /** Its last failure. */
  lastFailure?: { kind: FailureKind; at: string } | null
  /** The time of its last success. */
  lastSuccessAt?: string | null
}

/** Why an attempt failed. */
export type FailureKind =
  | 'timeout'
  | 'network'
  | 'server_error'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'unauthorized'
  | 'model_unavailable'
  | 'context_too_long'
  | 'bad_request'
  | 'content_filtered'
  | 'invalid_response'
  | 'empty_response'
  | 'truncated'
  | 'parse_error'
  | 'aborted'
  | 'deadline'

/** Why a model of the chain was not called. */
export type SkipReason =
  | 'disabled'
  | 'cooling'
  | 'unconfigured'
  | 'depth'
  | 'too_expensive'
  | 'over_budget'
  | 'provider_failed'
  | 'not_enabled'

/** Why another model than the original answered; `incomplete` if the original answered some of the matches. */
export type FallbackReason = FailureKind | SkipReason | 'incomplete'

/** The stable code of an error. `INTERNAL_ERROR` is a defect of Fallcast. */
export type ErrorCode =
  | 'INVALID_CONFIG'
  | 'INVALID_REQUEST'
  | 'UNKNOWN_MODEL'
  | 'ALL_ATTEMPTS_FAILED'
  | 'NO_MODEL_AVAILABLE'
  | 'BUDGET_EXHAUSTED'
  | 'DEADLINE_EXCEEDED'
  | 'ABORT_ERR'
  | 'CLOSED'
  | 'INTERNAL_ERROR'

/** What `predictWithFallback` rejects with, and what the other functions throw. */
export interface FallcastError extends Error {
  /** What kind of error it is. */
  code: ErrorCode
  /** Names the call in its events and log records; absent where there was none. */
  callId?: string
  /** `options.requestId`; null if none was given, or none that can be one. Absent where `callId` is. */
  requestId?: string | null
  /** Every model that was asked, in order; absent if the call was refused before any could be. */
  attempts?: Attempt[]
  /** Every model that was passed over, in order. */
  skips?: Skip[]
  /** What the attempts cost together, in US dollars. */
  costUsd?: number
  /** The soonest that a model of the chain is worth asking again, in whole milliseconds from now, where that is known. */
  retryAfterMs?: number
  /** With `ABORT_ERR` the signal's reason; in a rejection, what the caller's own code threw if an argument could not be read. */
  cause?: unknown
}

