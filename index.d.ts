// What a call is asked.

/** What to predict, and with which model. */
export interface PredictionRequest {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** 1 to 100 matches with distinct ids; at most 1 MiB of text together. */
  matches: Match[]
  /**
   * A prompt of your own, at most 1 MiB. The reply is read for the ids of `matches` as always, so the text must ask for them;
   * and where the model has a `responseFormat`, that form is asked for as always.
   */
  prompt?: OwnPrompt | null
  /** The version of the composed prompt, for every model of the chain. Default: the pinned one, else the active one. */
  promptVersion?: string | null
}

/** A request with a prompt of your own, which shows the matches: of them nothing but the ids need be known. */
export interface OwnPromptRequest {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** 1 to 100 matches with distinct ids. With the names of its sides, a score that a reply gives the other way round is turned. */
  matches: (Pick<Match, 'id'> & Partial<Match>)[]
  /** The prompt, at most 1 MiB; it must ask for the ids. */
  prompt: OwnPrompt
}

/** A prompt of the caller's own: its texts are sent exactly as they are. */
export interface OwnPrompt {
  /** The system message; without it none is sent. */
  system?: string | null
  /** The user message. */
  user: string
  /**
   * Whether the overrides of the model are added to `system` after a blank line, or are the system message where there is none;
   * a fallback is sent its own. Default: false.
   */
  overrides?: boolean | null
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
  /**
   * Where the call stands in a trace, as `traceparent` of W3C Trace Context has it; sent as that header with each request, in
   * place of a provider's own. Default: none is sent.
   */
  traceparent?: string | null
}

// What is asked besides predictions, and what is answered.

/** A question: a prompt or a conversation, and the form that the answer is to have. */
export interface AskRequest<S extends AnswerSchema | undefined = undefined> {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** The prompt, at most 1 MiB. */
  prompt?: OwnPrompt | null
  /** In its place a conversation of 1 to 256 messages: the first may be the system's, the last is the user's. */
  messages?: ChatMessage[] | null
  /**
   * What the answer has to fit: a JSON Schema (draft 2020-12), or a Standard Schema such as zod's, valibot's or ArkType's, whose own
   * validation is called. An answer that does not fit is a `parse_error`, and the next model is asked. Default: any text.
   */
  schema?: S
  /** What the schema is called on the wire, 1 to 64 letters, digits, `_` and `-`. Default: 'answer'. */
  schemaName?: string | null
}

/** A message of a conversation. */
export interface ChatMessage {
  /** Who says it. */
  role: 'system' | 'user' | 'assistant'
  /** What is said, not empty. */
  content: string
}

/** What `askWithFallback` resolves with: the answer, and how it came about. */
export interface Answer<T> {
  /** Names the call in its events and log records; no other call has it, in no other process either. */
  callId: string
  /** `options.requestId`; null if none was given. */
  requestId: string | null
  /** The value that fits the schema, as its validation gives it; null without a schema. */
  value: T
  /** What was answered, without thinking; with a schema the JSON of the value, as it was read. */
  text: string
  /** The model that was asked for. */
  originalModelId: string
  /** The model that answered. */
  modelId: string
  /** Whether that is another than the original. */
  usedFallback: boolean
  /** `modelId` if it is another than the original, else null. */
  fallbackModelId: string | null
  /** Why another than the original answered: what it failed with, or why it was skipped; null if it answered itself. */
  fallbackReason: FallbackReason | null
  /** Every model that was asked, in order. */
  attempts: Attempt[]
  /** Every model that was passed over before the answer, in order. */
  skips: Skip[]
  /** What all attempts cost together, in US dollars. */
  costUsd: number
  /** Estimate of what the original alone would have cost, in US dollars. */
  originalCostUsd: number
  /** Tokens of all attempts together. */
  usage: Usage
  /** `own`: the prompt was the caller's. */
  promptVersion: string
  /** The names of the overrides that were added to it, in order. */
  overrides: string[]
  /** What `modelId` thought before it answered, or null if it did not say. */
  reasoning: string | null
  /** What `modelId` answered, as it came. */
  rawResponse: string
  /** From the call to the answer, in milliseconds. */
  durationMs: number
}

/** A schema of either kind. */
export type AnswerSchema = StandardSchema | JsonSchema

/** The type of what a schema describes; null without one. */
export type AnswerOf<S> = [S] extends [StandardSchema<infer T>] ? T : [S] extends [JsonSchema] ? ValueOf<S> : null

/** A schema that validates by itself, as the Standard Schema of zod, valibot, ArkType and others does. */
export interface StandardSchema<T = unknown> {
  /** What the standard defines. */
  readonly '~standard': {
    /** Its version. */
    readonly version: 1
    /** Whose schema it is. */
    readonly vendor: string
    /** Validates a value: what it becomes, or what is wrong with it. */
    readonly validate: (value: unknown, ...rest: any[]) => StandardResult<T> | Promise<StandardResult<T>>
    /** What it takes and what it makes of it; for the compiler alone. */
    readonly types?: { readonly input: unknown; readonly output: T } | undefined
  }
}

/** What such a validation comes to. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }[] }

/** A JSON Schema of draft 2020-12, as plain data. */
export interface JsonSchema {
  /** A keyword of the schema. */
  readonly [keyword: string]: unknown
}

/** The type of what a JSON Schema describes, as far as it is written down literally; `unknown` where it is not known. */
export type ValueOf<S> = S extends true ? unknown
  : S extends false ? never
  : S extends { readonly const: infer T } ? T
  : S extends { readonly enum: readonly (infer T)[] } ? T
  : S extends { readonly anyOf: readonly (infer T)[] } ? ValueOf<T>
  : S extends { readonly oneOf: readonly (infer T)[] } ? ValueOf<T>
  : S extends { readonly type: readonly (infer T)[] } ? (T extends string ? ValueOf<Omit<S, 'type'> & { readonly type: T }> : unknown)
  : S extends { readonly type: 'string' } ? string
  : S extends { readonly type: 'number' | 'integer' } ? number
  : S extends { readonly type: 'boolean' } ? boolean
  : S extends { readonly type: 'null' } ? null
  : S extends { readonly type: 'array'; readonly items: infer T } ? ValueOf<T>[]
  : S extends { readonly type: 'array' } ? unknown[]
  : S extends { readonly type: 'object'; readonly properties: infer P } ? FieldsOf<P, S extends { readonly required: readonly (infer R)[] } ? R : never>
  : S extends { readonly type: 'object' } ? Record<string, unknown>
  : unknown

/** The type of an object whose fields have these schemas, of which some are required. */
export type FieldsOf<P, R> = { -readonly [K in keyof P as K extends R ? K : never]: ValueOf<P[K]> } & { -readonly [K in keyof P as K extends R ? never : K]?: ValueOf<P[K]> } extends infer T
  ? { [K in keyof T]: T[K] }
  : never

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

// What an engine is built with.

/** How an engine works. Every field is optional; an unknown one is `INVALID_CONFIG`. */
export interface Config {
  /** Begin with the built-in catalogue (true), or with nothing (false). Default: true. */
  builtinCatalog?: boolean
  /**
   * A folder with models.json, providers.json or both, laid over the built-in catalogue by id, which is watched and
   * reloaded when it changes.
   */
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
  /**
   * The Redis over which engines in many processes share which models are off, the active count and the day's money: its
   * URL, or an object. It need not be there: until it can be reached the engine works alone. Default: none.
   */
  fleet?: string | Fleet
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

/** The fleet that an engine belongs to, and its Redis (6.2 or later) or Valkey. One of `url`, `urlEnv` and `host` says where that is. */
export interface Fleet {
  /** `redis://user:password@host:6379/0`; `rediss://` with TLS. What is escaped in the user or the password is decoded. */
  url?: string
  /** The environment variable that holds such a URL. */
  urlEnv?: string
  /** The server's name or address, in place of a URL. */
  host?: string
  /** Its port, 1 to 65,535, beside `host`. Default: 6379. */
  port?: number
  /** The user of its access control list, beside `host`. Default: its default user. */
  username?: string
  /** The password. Default: none. */
  password?: string
  /** The environment variable that holds the password. */
  passwordEnv?: string
  /** The number of the database, beside `host`, 0 or more. Default: 0. */
  database?: number
  /** TLS, beside `host`; or what it trusts and shows, beside `host` or a `rediss://` URL. Default: false. */
  tls?: boolean | FleetTls
  /** How every key begins, 1 to 200 letters, digits, and `-_.:`; two fleets may share one Redis. Default: 'fallcast'. */
  namespace?: string
  /** A reader needs no keys of providers and makes no calls: a page that shows what the fleet does. Default: 'worker'. */
  role?: 'worker' | 'reader'
  /** The longest that a call waits for Redis, all its waits together, in milliseconds, 1 to 10,000. Default: 150. */
  timeoutMs?: number
}

/** How the connection to Redis is encrypted. */
export interface FleetTls {
  /** PEM certificates of authorities to trust beside Mozilla's. Default: none. */
  ca?: string | string[]
  /** The PEM certificate with which the engine shows who it is. Default: none. */
  cert?: string
  /** The PEM private key of that certificate. */
  key?: string
  /** The environment variable that holds that key. */
  keyEnv?: string
}

// The catalogue, and what is laid over it.

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
  /** What the provider's models accept, unless a model says otherwise, and how much all of them together. Default: no limits. */
  limits?: ProviderLimits
  /**
   * In which form its models are told to answer (`response_format`), unless a model says otherwise: `json_schema` by a
   * strict schema of exactly the asked ids, `json_object` or true as any JSON, false not at all. A form that the server
   * refuses is lowered by a rung for that model. Default: false.
   */
  responseFormat?: 'json_schema' | 'json_object' | boolean
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

/**
 * What a provider accepts. The two rates are for all its models together and for every call, single or of a slate, retries
 * included: a request beyond them waits its turn, as one beyond `maxConcurrency` does. So many go at once: 1 and a twentieth of
 * the rate.
 */
export interface ProviderLimits extends Limits {
  /** Most requests a minute, from 1. Default: no limit. */
  requestsPerMinute?: number
  /**
   * Most tokens a minute, from 1: of a request its prompt and what such an answer usually takes, corrected by what the reply
   * says it took. One that alone is more than may go at once goes when nothing is owed. Default: no limit.
   */
  tokensPerMinute?: number
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
  /** In which form it is told to answer, as for a provider. Default: the provider's. */
  responseFormat?: 'json_schema' | 'json_object' | boolean
  /** Components of the prompts that this model is sent before the output format, in order. Default: none. */
  promptOverrides?: string[]
  /** What it accepts, field by field in place of the provider's. */
  limits?: Limits
  /** Whether it may be called at all. Default: true. */
  enabled?: boolean
  /**
   * The day in UTC, as `YYYY-MM-DD`, from which its provider serves it no more: it is passed over from then on, and warned
   * of 30 days before. Default: none.
   */
  retiresOn?: string
}

/** A model of the catalogue in use: its state, and what the catalogue says of it. */
export interface CatalogModel extends ModelStatus {
  /** Its name for people. */
  displayName: string
  /** Its price class; null if it has none. */
  tier: string | null
  /** The provider's name for it, as it is sent: with the provider's `modelIdPrefix`. */
  upstreamModel: string
  /** US dollars for a million prompt tokens. */
  promptUsdPer1M: number
  /** US dollars for a million completion tokens. */
  completionUsdPer1M: number
  /** US dollars for a million cached prompt tokens; null: as other prompt tokens. */
  cachedPromptUsdPer1M: number | null
  /** US dollars for a million reasoning tokens; null: as other completion tokens. */
  reasoningUsdPer1M: number | null
  /** The ids of the models to try after it, in order. */
  fallbacks: string[]
  /** Time for one HTTP call in milliseconds, unless the request says otherwise: its own, or the configuration's. */
  timeoutMs: number
  /** Whether it thinks before it answers. */
  reasoning: boolean
  /** In which form it is told to answer: its own, or its provider's. */
  responseFormat: 'json_schema' | 'json_object' | false
  /** Components of the prompts that it is sent before the output format, in order. */
  promptOverrides: string[]
  /** What it accepts, field by field its own or its provider's; null: no limit. */
  limits: { maxTokens: number | null; temperature: [number, number] | null; maxStopSequences: number | null }
  /** Whether it may be called at all. */
  enabled: boolean
}

/** What `updateCatalog` lays over the catalogue. */
export type CatalogChanges = Pick<Config, 'providers' | 'models' | 'fallbacks'>

/** A model's id, and the ids of its fallbacks in order. */
export type ModelFallbacks = Record<string, string[]>

// Prompts as data.

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

// What `onLog` receives.

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

// What `onEvent` and `onInvalidate` receive; `src/event.rs` has the core of each.

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
  | ModelRetiringEvent
  | FallbackEvent
  | CostWarningEvent
  | UsageDoubtedEvent
  | BudgetEvent
  | StateDamagedEvent
  | StateUnsavedEvent
  | FleetJoinedEvent
  | FleetLostEvent
  | GrantLapsedEvent
  | CatalogReloadedEvent
  | CatalogRejectedEvent
  | PromptsReloadedEvent
  | PromptsRejectedEvent

/** A model was switched off, by its failures or by hand. */
export interface DisabledEvent extends EventBase {
  type: 'disabled'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
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
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The model. */
  modelId: string
}

/** A model that its failures had switched off is back, for its time has come. */
export interface RecoveredEvent extends EventBase {
  type: 'recovered'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
  /** The model. */
  modelId: string
  /** Failures that it has on its account still. */
  consecutiveFailures: number
}

/** A model is left alone for a moment, or at least a second longer than was told before. It is active all the same. */
export interface CoolingEvent extends EventBase {
  type: 'cooling'
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
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
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
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

/**
 * A model retires within 30 days, as `retiresOn` of the catalogue has it: told once a model and day by each engine, and to
 * the first listener where there was none before. A model that is retired already is not told of.
 */
export interface ModelRetiringEvent extends EventBase {
  type: 'model_retiring'
  /** The model. */
  modelId: string
  /** The day in UTC, as `YYYY-MM-DD`, from which it is passed over. */
  retiresOn: string
  /** How many days are left, from 1 to 30. */
  daysLeft: number
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
  /** The id of the member of the fleet where it happened; absent without a fleet. */
  origin?: string
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

/** The engine has joined its fleet, or found it again; told at most once in ten seconds. */
export interface FleetJoinedEvent extends EventBase {
  type: 'fleet_joined'
  /** How many members it has, this engine included. */
  members: number
}

/** The engine has lost its fleet, or did not find it, and works alone; told at most once in ten seconds. */
export interface FleetLostEvent extends EventBase {
  type: 'fleet_lost'
  /** What went wrong. */
  problem: string
}

/**
 * A member of the fleet that was granted some of the day's budget has not been seen for 30 s. What it did not report as
 * spent is held until the day ends (`Budget.uncertainUsd`), for nobody knows what it sent; if it is seen again, what it
 * does not use comes back. Told once by each member.
 */
export interface GrantLapsedEvent extends EventBase {
  type: 'grant_lapsed'
  /** The id of the member that is gone. */
  memberId: string
  /** What is held, in US dollars. */
  heldUsd: number
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string
}

/** The folder `catalog` was changed, and what it holds is in use, below the configuration and later changes. */
export interface CatalogReloadedEvent extends EventBase {
  type: 'catalog_reloaded'
  /** The models that are new, in the order of the catalogue. */
  addedModelIds: string[]
  /** The models that are gone. */
  removedModelIds: string[]
  /** The models that are others, by themselves, by their provider or by their fallbacks. */
  changedModelIds: string[]
}

/** The folder `catalog` was changed and has faults; the catalogue in use stays. */
export interface CatalogRejectedEvent extends EventBase {
  type: 'catalog_rejected'
  /** Every fault, with its file and path. */
  faults: string[]
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
  cause: 'disabled' | 'recovered' | 'enabled' | 'restored' | 'catalog' | 'fleet'
  /** The model, if it was one. */
  modelId: string | null
  /** How many models are active since: the number after this change and before the next. */
  activeModelCount: number
  /** 1 for the first invalidation of the engine, then one more each. */
  sequence: number
  /** How many invalidations before this one were dropped because more than 4,096 waited for the listener. */
  dropped: number
}

// What `snapshot` gives and `restore` takes.

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
  /** What calls came to today and on the seven days before, where there were any, the latest first. */
  days?: DaySnapshot[]
  /** The version of the prompts that is pinned; null if none is. */
  pinnedPrompts?: string | null
  /** What a member of a fleet knows of the day's money of all its members, to be written back if Redis has lost it; absent without a fleet. */
  fleet?: object
}

/** What calls came to on a day in UTC. */
export interface DaySnapshot {
  /** The day, as `YYYY-MM-DD`. */
  day: string
  /** The calls for one model that the same model (null: none) answered for the same reason; of questions those with `task`. Costs are whole billionths of a US dollar. */
  routes?: { task?: 'ask'; originalModelId: string; modelId?: string | null; reason?: FallbackReason | null; calls?: number; nanoUsd?: number; originalNanoUsd?: number }[]
  /** The attempts at each model, by id. */
  models?: Record<string, { attempts?: number; answered?: number; nanoUsd?: number }>
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

// Why something did not work; `src/kind.rs` has the same names.

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
  | 'retired'

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

/** What `predictWithFallback` and `askWithFallback` reject with, and what the other functions throw. */
export interface FallcastError extends Error {
  /** What kind of error it is. */
  code: ErrorCode
  /** Whether the same call may be answered later as things stand: neither it nor the configuration need be changed. */
  retryable: boolean
  /**
   * Of one that may: the soonest that a model of the chain is worth asking again, in whole milliseconds from now. Null: at once,
   * when the caller likes, or never.
   */
  retryAfterMs: number | null
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
  /** Of a slate: what there is all the same, and what was paid for. */
  outcome?: SlateOutcome
  /** With `ABORT_ERR` the signal's reason; in a rejection, what the caller's own code threw if an argument could not be read. */
  cause?: unknown
}

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


/**
 * Which binding artifact the generated loader actually loaded: `'native'` for
 * a native addon, otherwise the `platformArchABI` of the WASI flavor. Every
 * flavor napi-rs can build is listed, because `NAPI_RS_NATIVE_LIBRARY_PATH`
 * can point the loader at a WASI artifact this package does not build itself.
 */
export declare const __napiBindingTarget: 'native' | 'wasm32-wasi' | 'wasm32-wasip1'

/** An engine with a catalogue, a health and a budget of its own, apart from the one that the module's functions share. */
export declare class Fallcast {
  /**
   * Builds an engine. Keys are read from the environment now; an empty one is no key.
   *
   * Throws `INVALID_CONFIG` with every fault, a line each, and its path.
   */
  constructor(config?: Config | null)
  /**
   * Rejects what is pending, and every later prediction, with `CLOSED`; what is known can still be asked. Writes the
   * state file for the last time. Resolves when nothing is left running.
   */
  close(): Promise<void>
  /**
   * Asks the model for scores, and when it fails the models of its chain, within the money and the time that the
   * caller allows. Never throws; rejects with a `FallcastError`.
   */
  predictWithFallback(request: PredictionRequest | OwnPromptRequest, options?: PredictOptions | null): Promise<PredictionOutcome>
  /**
   * Asks the model anything, with a prompt of your own, and when it fails or its answer does not fit the schema the models of
   * its chain, as `predictWithFallback` does: within the same guards, health and money. Never throws; rejects with a
   * `FallcastError`.
   */
  askWithFallback<const S extends AnswerSchema | undefined = undefined>(request: AskRequest<S>, options?: PredictOptions | null): Promise<Answer<AnswerOf<S>>>
  /**
   * What a request would do if every attempt failed: each step with estimate, price ratio and adjustments, and each
   * skip with its reason. Calls nothing.
   *
   * Throws `INVALID_REQUEST`, `UNKNOWN_MODEL` or `CLOSED`.
   */
  explain(request: PredictionRequest | OwnPromptRequest, options?: PredictOptions | null): Plan
  /**
   * Asks many models about many matches at once: each model about each match, or the cells that are named. Requests run side by
   * side within each provider's limits, inside one deadline and one sum of money, and tell what they came to as they end.
   *
   * Returns at once. Throws `INVALID_REQUEST` with every fault, `CLOSED`, or `BUDGET_EXHAUSTED` if it is expected to cost more than
   * `options.maxCostUsd`; then nothing was sent.
   */
  predictSlate(request: SlateRequest, options?: SlateOptions | null): Slate
  /**
   * What a slate would do if no request failed: how many requests it would send, what they are expected to cost and can cost,
   * which models would be passed over, and how many requests come one after the other at each provider. Calls nothing.
   *
   * Throws `INVALID_REQUEST` with every fault, or `CLOSED`.
   */
  explainSlate(request: SlateRequest, options?: SlateOptions | null): SlatePlan
  /** How many models are active: enabled, their provider has a key or needs none, and not switched off. */
  getActiveModelCount(): Promise<number>
  /** The next usable model of a model's chain; undefined if there is none, or no such model. */
  getFallbackProvider(modelId: string): Fallback | undefined
  /** Every model that has fallbacks, with their ids in order. */
  getFallbacks(): Record<string, string[]>
  /** The active models, in the order of the catalogue. */
  getActiveProviders(): CatalogModel[]
  /** Every model with its state and what the catalogue says of it, in the order of the catalogue. */
  getModels(): CatalogModel[]
  /** The model with exactly this id, as `getModels` has it; undefined if there is none. */
  getModel(modelId: string): CatalogModel | undefined
  /**
   * The prompt that a model would be sent for some matches.
   *
   * Throws `INVALID_REQUEST` or `UNKNOWN_MODEL`.
   */
  buildPrompt(modelId: string, matches: Match[], promptVersion?: string | null): BuiltPrompt
  /** Every version of the prompts, in the order of the manifest. */
  getPrompts(): Array<PromptVersionStatus>
  /**
   * Reads the folder `config.catalog` again and puts what it holds into use, below the configuration and what
   * `updateCatalog` laid over it, whole or not at all; whether anything changed. Calls under way keep the catalogue with
   * which they began. The folder is watched, so this is only for who cannot wait a second, or wants to see the faults.
   *
   * Throws `INVALID_CONFIG` with every fault, a line each, and its path; the catalogue stays as it was.
   */
  reloadCatalog(): boolean
  /**
   * Reads the folder of `config.prompts` again and puts what it holds into use, whole or not at all; whether anything
   * changed. Calls under way keep the prompts with which they began. A folder is watched, so this is only for who cannot
   * wait a second, or wants to see the faults.
   *
   * Throws `INVALID_CONFIG` with every fault, a line each, and its path; the prompts stay as they were.
   */
  reloadPrompts(): boolean
  /**
   * Pins a version of the prompts, for the models that it is for, whatever the dates and weights of the manifest; null
   * returns to those. A request's `promptVersion` goes before it.
   *
   * Throws `INVALID_REQUEST` if there is no such version.
   */
  activatePrompts(version?: string | null): void
  /**
   * Lays providers, models and fallbacks over the catalogue by id, whole or not at all; an entry replaces the whole
   * entry with its id. The active count changes at once; calls under way keep the catalogue with which they began.
   *
   * Throws `INVALID_CONFIG` with every fault, a line each, and its path.
   */
  updateCatalog(changes: CatalogChanges): void
  /**
   * Switches a model off until `enableModel`: it is called no more, by nobody, and the active count changes at once. No
   * timer brings it back.
   *
   * `reason`: why, 1 to 1,000 characters on one line; shown wherever the model is passed over. Throws `UNKNOWN_MODEL`
   * or `INVALID_REQUEST`.
   */
  disableModel(modelId: string, reason: string): void
  /**
   * Switches a model on, whatever switched it off, and forgets its failures and its own cooling. The active count changes at
   * once.
   *
   * Throws `UNKNOWN_MODEL`.
   */
  enableModel(modelId: string): void
  /**
   * Brings back every model whose time has come, without waiting for the timer that does so. Resolves with how many.
   * A model that was switched off by hand stays off. In a fleet the fleet decides.
   */
  recoverDisabledModels(): Promise<number>
  /**
   * Applies a failure that you decided, as if an attempt had ended with it: a database that refused the row, say. While
   * the model is switched off nothing changes, not even for its provider.
   *
   * `kind`: what kind of failure; `unauthorized` counts as a 401. Throws `UNKNOWN_MODEL` or `INVALID_REQUEST`.
   */
  reportFailure(modelId: string, kind: FailureKind): void
  /**
   * Applies a success that you decided: the model's failures are forgotten. While it is switched off nothing changes.
   *
   * Throws `UNKNOWN_MODEL`.
   */
  reportSuccess(modelId: string): void
  /**
   * Resolves when a call need not wait for the fleet: at once without `fleet` in the configuration, else when the engine has
   * joined and can be granted some of the day's budget. An engine without a budget, or a reader, can work alone: then it
   * resolves after 2 s at the latest. Rejects with `CLOSED` if the engine is closed before.
   */
  ready(): Promise<undefined>
  /** How the engine stands in its fleet, and who else is in it; null without `fleet` in the configuration. */
  getFleet(): FleetStatus | null
  /**
   * What the fleet is and has done: its members, its count, its budget, and what all members have counted on each of the last
   * eight days, as Redis has it. Resolves with what is known where Redis does not answer within a second.
   *
   * Rejects with `INVALID_REQUEST` without `fleet` in the configuration, and with `CLOSED`.
   */
  getFleetStatus(): Promise<FleetReport>
  /** How the day's budget stands. Without one it tells what the day has cost so far. */
  getBudget(): Budget
  /** What all calls came to since the engine was built: by route, by model, and by version of the prompt. */
  getMetrics(): Metrics
  /**
   * The same for Prometheus, as `application/openmetrics-text; version=1.0.0; charset=utf-8`; all names begin with
   * `fallcast_`.
   */
  getMetricsText(): string
  /**
   * What an operator sees: models, providers, today's routes, the day's budget, prompts, the last calls and events, all of
   * one moment. It can be asked of a closed engine too.
   */
  getStatus(): Status
  /** The state as it stands, as plain JSON: health, cooling, the day's spend and the pinned prompts. `restore` takes it back. */
  snapshot(): Snapshot
  /**
   * Takes over a state, of another process say. What is known here of a model stays if it is later, and
   * what was spent today if it is more. Models that the catalogue does not have are ignored, which the event `restored` tells.
   * The pinned version of the prompts is pinned here as well, unless another is or there is none of that name.
   *
   * Throws `INVALID_CONFIG` with every fault, or for a version that is not understood; nothing has changed then.
   */
  restore(snapshot: Snapshot): void
  /**
   * Has a function called with every event, in the order in which they happen, on this thread, and before the promise
   * settles that caused it. A listener does not keep the process alive, so what the last synchronous call of a program
   * caused may not be told any more; what it throws, or its promise rejects with, is ignored.
   *
   * Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
   */
  onEvent(listener: (event: EngineEvent) => void): () => void
  /**
   * Has a function called whenever another set of models is active, with the new count, as `onEvent` does. What is cached
   * under `key` is not to be used any more.
   *
   * Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
   */
  onInvalidate(listener: (event: InvalidationEvent) => void): () => void
}

/**
 * Pins a version of the prompts, for the models that it is for, whatever the dates and weights of the manifest; null
 * returns to those. A request's `promptVersion` goes before it.
 *
 * Throws `INVALID_REQUEST` if there is no such version.
 */
export declare function activatePrompts(version?: string | null): void

/** A change that made a request fit its provider. */
export interface Adjustment {
  /** `max_tokens`, `temperature`, `stop` (how many sequences), `response_format`, or `matches` (how many are asked for). */
  parameter: string
  /** What was wanted. */
  from: number | string
  /** What was sent; null if the parameter was left out. */
  to: number | string | null
}

/**
 * Asks the model anything, with a prompt of your own, and when it fails or its answer does not fit the schema the models of
 * its chain, as `predictWithFallback` does: within the same guards, health and money. Never throws; rejects with a
 * `FallcastError`.
 */
export declare function askWithFallback<const S extends AnswerSchema | undefined = undefined>(request: AskRequest<S>, options?: PredictOptions | null): Promise<Answer<AnswerOf<S>>>

/**
 * One model, asked over HTTP, and what became of it. One that waited in vain for its provider's turn is an attempt as
 * well, a `timeout` that costs nothing.
 */
export interface Attempt {
  /** The model that was asked. */
  modelId: string
  /** Its provider. */
  providerId: string
  /** The version of the prompt that it was sent; `own` for a prompt of the caller's. */
  promptVersion: string
  /** The names of the prompt's overrides, in order. */
  overrides: Array<string>
  /** Why it failed; null if it gave at least one prediction. */
  failure: FailureKind | null
  /** What was seen, in one line; null if it did not fail. */
  message: string | null
  /** The HTTP status of the last reply; null if none came. */
  status: number | null
  /**
   * The model that the last reply says it is of, as the provider calls it, in one line of at most 200 characters; null if it
   * does not say.
   */
  responseModel: string | null
  /** How many times the request was sent again after a failure, 0 to `maxRetries`. */
  retries: number
  /** When it began, as an ISO 8601 time. */
  startedAt: string
  /** From then, the wait for the provider's turn, to the end of the last reply, in milliseconds. */
  durationMs: number
  /** Tokens that are charged; null if none are. */
  usage: Usage | null
  /** What it cost, in US dollars. */
  costUsd: number
  /** How the request was changed to fit the provider's limits. */
  adjusted: Array<Adjustment>
  /** Whether another call of the same slate made it, whose answer or failure stands here at no cost; absent outside a slate. */
  reused: true | undefined
}

/** How the day's budget stands; for the whole fleet, if the engine belongs to one, as it was a second ago at most. */
export interface Budget {
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string
  /** What a day may cost, in US dollars; null for any sum. */
  dailyBudgetUsd: number | null
  /** What the day has cost so far, in US dollars. */
  spentUsd: number
  /**
   * The most that today's attempts under way can cost, in US dollars. In a fleet: those of this engine, and what the other
   * members are granted.
   */
  reservedUsd: number
  /**
   * What today's attempts that have ended may be billed beyond `spentUsd`, in US dollars: they were sent and cut off,
   * or came without a count of their tokens that can be believed. In a fleet also what members were granted that are gone.
   * It is held until the day ends.
   */
  uncertainUsd: number
  /** What is neither spent nor reserved nor uncertain, in US dollars, 0 or more; null without a budget. */
  remainingUsd: number | null
  /**
   * What may be called by what is spent or uncertain: whatever the rest covers, no fallback dearer than the original (from
   * `pauseFallbacksAt` on), or only what is free (all of it is gone).
   */
  state: 'open' | 'fallbacks_paused' | 'exhausted'
  /** The models that have spent, reserved or left uncertain anything, sorted by id; in a fleet by this engine's attempts. */
  models: Array<ModelBudget>
}

/**
 * The prompt that a model would be sent for some matches.
 *
 * Throws `INVALID_REQUEST` or `UNKNOWN_MODEL`.
 */
export declare function buildPrompt(modelId: string, matches: Match[], promptVersion?: string | null): BuiltPrompt

/** What `buildPrompt` returns. */
export interface BuiltPrompt {
  /** The system message: the version's components, the model's overrides, the output format. */
  system: string
  /** The user message: the matches. */
  user: string
  /** The version of the prompt. */
  promptVersion: string
  /** The names of the overrides, in order: those of the catalogue, then those of the version. */
  overrides: Array<string>
  /** Estimate of the tokens of both messages. */
  estimatedTokens: number
}

/**
 * Closes the engine that the module's functions share: what is pending rejects with `CLOSED`, in whatever thread, and the
 * state file is written for the last time. Resolves when nothing is left running, at once if there is no engine. Listeners
 * end with it.
 *
 * The next use of any function builds a new engine, which `configure` may configure anew; one with the same `stateFile` only
 * when this promise has resolved.
 */
export declare function close(): Promise<void>

/**
 * Configures the engine that the module's functions share. Its first use fixes its configuration, until it is closed:
 * the same values again are harmless.
 *
 * Throws `INVALID_CONFIG` with every fault, or when the engine already has other values, with the path of each that differs.
 * `onLog` is not compared: the first one stays.
 */
export declare function configure(config?: Config | null): void

/** What the models that answered say of one match together. */
export interface Consensus {
  /** The match's id. */
  matchId: string
  /** How many models answered, each counted once; at least 1. */
  models: number
  /** The share of them that sees the home side win, 0 to 1. */
  homeWin: number
  /** The share that sees a draw. */
  draw: number
  /** The share that sees the away side win. */
  awayWin: number
  /** Goals of the home side in the most frequent score; of several that of the fewest goals. */
  homeScore: number
  /** Goals of the away side in it. */
  awayScore: number
}

/** How often a fallback was about to be asked though it is dearer than `warnPriceRatio` times the original. */
export interface CostWarnings {
  /** The model that was asked for. */
  originalModelId: string
  /** The fallback. */
  modelId: string
  /** How often. */
  count: number
}

/**
 * Switches a model off until `enableModel`: it is called no more, by nobody, and the active count changes at once. No
 * timer brings it back.
 *
 * `reason`: why, 1 to 1,000 characters on one line; shown wherever the model is passed over. Throws `UNKNOWN_MODEL`
 * or `INVALID_REQUEST`.
 */
export declare function disableModel(modelId: string, reason: string): void

/**
 * Switches a model on, whatever switched it off, and forgets its failures and its own cooling. The active count changes at
 * once.
 *
 * Throws `UNKNOWN_MODEL`.
 */
export declare function enableModel(modelId: string): void

/**
 * What a request would do if every attempt failed: each step with estimate, price ratio and adjustments, and each
 * skip with its reason. Calls nothing.
 *
 * Throws `INVALID_REQUEST`, `UNKNOWN_MODEL` or `CLOSED`.
 */
export declare function explain(request: PredictionRequest | OwnPromptRequest, options?: PredictOptions | null): Plan

/**
 * What a slate would do if no request failed: how many requests it would send, what they are expected to cost and can cost,
 * which models would be passed over, and how many requests come one after the other at each provider. Calls nothing.
 *
 * Throws `INVALID_REQUEST` with every fault, or `CLOSED`.
 */
export declare function explainSlate(request: SlateRequest, options?: SlateOptions | null): SlatePlan

/** A fallback and who serves it. */
export interface Fallback {
  /** The model. */
  modelId: string
  /** Its provider. */
  providerId: string
}

/** What all members of a fleet have counted on one day. */
export interface FleetDay {
  /** The day in UTC, as `YYYY-MM-DD`. */
  day: string
  /** How many calls ended. */
  calls: number
  /** How many of them gave at least one prediction. */
  answered: number
  /** How many of those were answered by another model than the one that was asked for. */
  fallbacks: number
  /** What all their attempts cost, in US dollars. */
  costUsd: number
  /** How much more that is than the originals alone would have cost, by estimate; below 0 if it is less. */
  extraCostUsd: number
  /** Every route that was taken, sorted by original, model that answered, and reason. */
  routes: Array<RouteMetrics>
  /** Every model that was asked, sorted by id. */
  models: Array<FleetModel>
}

/** A member of a fleet. */
export interface FleetMember {
  /** 16 hexadecimal digits. */
  id: string
  /** What it is. */
  role: 'worker' | 'reader'
  /**
   * When it gave its last sign of life that is known here, as an ISO 8601 time on the clock of Redis: seconds ago, while it
   * lives and the fleet is joined.
   */
  seenAt: string
  /** The providers of its enabled models for which it has a key or that need none, sorted. */
  providers: Array<string>
}

/** The attempts of one model on one day, in the whole fleet. */
export interface FleetModel {
  /** The model. */
  modelId: string
  /** Its provider. */
  providerId: string
  /** How many attempts there were. */
  attempts: number
  /** How many of them gave at least one prediction. */
  successes: number
  /** What they cost, in US dollars. */
  costUsd: number
}

/** What a fleet is and has done, as all its members have told it. */
export interface FleetReport {
  /** Whether this engine has joined, or works alone and knows what it read last. */
  state: 'joined' | 'alone'
  /** Its living members, this engine included, sorted by id. */
  members: Array<FleetMember>
  /** How many models are active. */
  activeModelCount: number
  /** How the day's budget stands. */
  budget: Budget
  /**
   * Each of the last eight days on which anything was counted, the latest first. Members write every five seconds, and when
   * they are closed.
   */
  days: Array<FleetDay>
}

/** How an engine stands in its fleet. */
export interface FleetStatus {
  /** Whether it has joined, or works alone. */
  state: 'joined' | 'alone'
  /** Since when, as an ISO 8601 time. */
  since: string
  /** The id of this engine in the fleet, 16 hexadecimal digits, new with each engine. */
  id: string
  /** Its living members, this engine included, sorted by id, as they were known last. */
  members: Array<FleetMember>
  /**
   * What is left of what this engine was granted of the day's budget, be it reserved or not, in US dollars; null for a
   * reader and without a budget.
   */
  grantUsd: number | null
}

/** How many models are active: enabled, their provider has a key or needs none, and not switched off. */
export declare function getActiveModelCount(): Promise<number>

/** The active models, in the order of the catalogue. */
export declare function getActiveProviders(): CatalogModel[]

/** How the day's budget stands. Without one it tells what the day has cost so far. */
export declare function getBudget(): Budget

/** The next usable model of a model's chain; undefined if there is none, or no such model. */
export declare function getFallbackProvider(modelId: string): Fallback | undefined

/** Every model that has fallbacks, with their ids in order. */
export declare function getFallbacks(): Record<string, string[]>

/** How the engine stands in its fleet, and who else is in it; null without `fleet` in the configuration. */
export declare function getFleet(): FleetStatus | null

/**
 * What the fleet is and has done: its members, its count, its budget, and what all members have counted on each of the last
 * eight days, as Redis has it. Resolves with what is known where Redis does not answer within a second.
 *
 * Rejects with `INVALID_REQUEST` without `fleet` in the configuration, and with `CLOSED`.
 */
export declare function getFleetStatus(): Promise<FleetReport>

/** What all calls came to since the engine was built: by route, by model, and by version of the prompt. */
export declare function getMetrics(): Metrics

/**
 * The same for Prometheus, as `application/openmetrics-text; version=1.0.0; charset=utf-8`; all names begin with
 * `fallcast_`.
 */
export declare function getMetricsText(): string

/** The model with exactly this id, as `getModels` has it; undefined if there is none. */
export declare function getModel(modelId: string): CatalogModel | undefined

/** Every model with its state and what the catalogue says of it, in the order of the catalogue. */
export declare function getModels(): CatalogModel[]

/** Every version of the prompts, in the order of the manifest. */
export declare function getPrompts(): Array<PromptVersionStatus>

/**
 * What an operator sees: models, providers, today's routes, the day's budget, prompts, the last calls and events, all of
 * one moment. It can be asked of a closed engine too.
 */
export declare function getStatus(): Status

/** The last failure of a model. */
export interface LastFailure {
  /** What kind of failure it was. */
  kind: FailureKind
  /** When, as an ISO 8601 time. */
  at: string
}

/** How long attempts took, each from the wait for the provider's turn to the end of the last reply. */
export interface Latency {
  /** All durations together, in milliseconds. */
  sumMs: number
  /** The buckets, in ascending order; the last has no bound. */
  buckets: Array<LatencyBucket>
}

/** Durations up to a bound, and above that of the bucket before. */
export interface LatencyBucket {
  /** The bound, in milliseconds, inclusive; null for the last bucket, which has none. */
  upToMs: number | null
  /** How many attempts took so long. */
  attempts: number
}

/** Everything counted since the engine was built. */
export interface Metrics {
  /** Every route that was taken, sorted by original, model that answered, and reason. */
  routes: Array<RouteMetrics>
  /** Every model that was asked, sorted by id. */
  models: Array<ModelMetrics>
  /** Every version of the prompt, model that it was sent to, and overrides that it had there, sorted in that order. */
  prompts: Array<PromptMetrics>
  /** Every fallback that was asked though it is much dearer than the original, sorted by original and fallback. */
  costWarnings: Array<CostWarnings>
}

/** A cell of a slate without an answer. */
export interface MissingCell {
  /** The model. */
  modelId: string
  /** The match's id. */
  matchId: string
  /** Why. */
  why: MissingReason
}

/** The fallbacks of the built-in catalogue: a model's id, and the ids of its fallbacks in order. */
export declare const MODEL_FALLBACKS: ModelFallbacks

/** What one model has cost today. */
export interface ModelBudget {
  /** The model. */
  modelId: string
  /** What it has cost so far, in US dollars. */
  spentUsd: number
  /** The most that its attempts under way can cost, in US dollars. */
  reservedUsd: number
  /** What its attempts that have ended may be billed beyond `spentUsd`, in US dollars. */
  uncertainUsd: number
}

/** The attempts of one model. */
export interface ModelMetrics {
  /** The model. */
  modelId: string
  /** Its provider. */
  providerId: string
  /** How many attempts there were. */
  attempts: number
  /** How many of them gave at least one prediction. */
  successes: number
  /** How many failed, by kind; a kind that never occurred is absent. */
  failures: Partial<Record<FailureKind, number>>
  /** How many times a request was sent again within its attempt. */
  retries: number
  /** Tokens of the prompts, the cached ones included. */
  promptTokens: number
  /** Tokens of the completions, the reasoning included. */
  completionTokens: number
  /** Tokens of the prompts that the provider had cached. */
  cachedTokens: number
  /** Tokens of the completions that were reasoning. */
  reasoningTokens: number
  /** What they cost, in US dollars. */
  costUsd: number
  /** How long they took. */
  latency: Latency
}

/** A model and whether it may be called. */
export interface ModelStatus {
  /** The model. */
  id: string
  /** Its provider. */
  providerId: string
  /**
   * Whether it may be called, and if not, why: switched off by its failures or by hand, no key, `enabled: false`, or its day
   * to retire has come.
   */
  state: 'active' | 'disabled' | 'unconfigured' | 'not_enabled' | 'retired'
  /** The day in UTC from which it is passed over, as `YYYY-MM-DD`; null if none is known. */
  retiresOn: string | null
  /** Failures in a row that count, 0 to `disableThreshold`. */
  consecutiveFailures: number
  /** When it comes back, as an ISO 8601 time; null if it is not switched off, or was by hand. */
  disabledUntil: string | null
  /** Why it is switched off; null if it is not. */
  disabledReason: string | null
  /**
   * Until when it, or its provider as a whole, is left alone, as an ISO 8601 time; null if it is not. It is active
   * all the same.
   */
  coolingUntil: string | null
  /** Its last failure; null if none is known. What the caller's signal or the deadline ended is none. */
  lastFailure: LastFailure | null
  /** The ISO 8601 time of its last success; null if none is known. */
  lastSuccessAt: string | null
}

/**
 * Has a function called with every event, in the order in which they happen, on this thread, and before the promise
 * settles that caused it. A listener does not keep the process alive, so what the last synchronous call of a program
 * caused may not be told any more; what it throws, or its promise rejects with, is ignored.
 *
 * Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
 */
export declare function onEvent(listener: (event: EngineEvent) => void): () => void

/**
 * Has a function called whenever another set of models is active, with the new count, as `onEvent` does. What is cached
 * under `key` is not to be used any more.
 *
 * Returns a function that ends it. Throws `INVALID_REQUEST` if it is no function.
 */
export declare function onInvalidate(listener: (event: InvalidationEvent) => void): () => void

/** What `explain` returns: what would be done if every attempt failed. */
export interface Plan {
  /** The model that is asked for. */
  originalModelId: string
  /** The version of the prompt that it would be sent; `own` for a prompt of the caller's. */
  promptVersion: string
  /** The models that would be asked, in order. */
  attempts: Array<PlannedAttempt>
  /** The models that would be passed over, in order. */
  skips: Array<PlannedSkip>
}

/** An attempt that would be made. */
export interface PlannedAttempt {
  /** The model. */
  modelId: string
  /** Its provider. */
  providerId: string
  /** The version of the prompt that it would be sent; `own` for a prompt of the caller's. */
  promptVersion: string
  /** The names of the prompt's overrides, in order. */
  overrides: Array<string>
  /** Expected cost of the whole request on it, in US dollars. */
  expectedCostUsd: number
  /** The most that the attempt can cost, in US dollars: the prompt and all of `maxTokens`. */
  worstCostUsd: number
  /** Its expected cost in proportion to the original's; null for the original and beside a free one. */
  priceRatio: number | null
  /** Estimate of the prompt's tokens. */
  promptTokens: number
  /** `max_tokens` as it would be sent. */
  maxTokens: number
  /** How many matches it would be asked for. */
  matches: number
  /** The attempt's own time-out, in milliseconds; the deadline may leave it less. */
  timeoutMs: number
  /** How the request would be changed to fit the provider's limits. */
  adjusted: Array<Adjustment>
}

/** One model of a slate. */
export interface PlannedModel {
  /** The model. */
  modelId: string
  /** Its provider. */
  providerId: string
  /** How many cells it has. */
  cells: number
  /** How many requests those make. */
  requests: number
  /** What they are expected to cost, in US dollars. */
  expectedCostUsd: number
  /** The most that they can cost, in US dollars. */
  worstCostUsd: number
}

/** One provider that a slate asks. */
export interface PlannedProvider {
  /** The provider. */
  providerId: string
  /** How many requests it gets. */
  requests: number
  /** How many of them are under way at once at most. */
  atOnce: number
  /** How many of them are under way one after the other at least: `requests` over `atOnce`, rounded up. */
  inTurn: number
}

/** A model that would be passed over. */
export interface PlannedSkip {
  /** The model. */
  modelId: string
  /** Why it would not be called. */
  reason: SkipReason
  /** The same in words, with the numbers that decided. */
  detail: string
  /** Expected cost of the whole request on it, in US dollars. */
  expectedCostUsd: number
  /** Its expected cost in proportion to the original's; null for the original and beside a free one. */
  priceRatio: number | null
}

/** A model of a slate that would not be called. */
export interface PlannedSlateSkip {
  /** The model. */
  modelId: string
  /** How many cells it has. */
  cells: number
  /** Why it would not be called. */
  reason: SkipReason
  /** The same in words, with the numbers that decided. */
  detail: string
}

/** The score of one match. */
export interface Prediction {
  /** The match's id, as the request has it. */
  matchId: string
  /** Goals of the home side, 0 to 20. */
  homeScore: number
  /** Goals of the away side, 0 to 20. */
  awayScore: number
  /** The model that predicted it. */
  modelId: string
}

/** What `predictWithFallback` resolves with: at least one prediction, and how it came about. */
export interface PredictionOutcome {
  /** Names the call in its events and log records; no other call has it, in no other process either. */
  callId: string
  /** `options.requestId`; null if none was given. */
  requestId: string | null
  /** The predictions, in the request's order. */
  predictions: Array<Prediction>
  /** The ids of the matches without a prediction, in the request's order; empty if all have one. */
  missingMatchIds: Array<string>
  /** The model that was asked for. */
  originalModelId: string
  /** The model that answered; of several, the last that contributed. */
  modelId: string
  /** Whether that is another than the original. */
  usedFallback: boolean
  /** `modelId` if it is another than the original, else null. */
  fallbackModelId: string | null
  /**
   * Why another than the original answered: what it failed with, why it was skipped, or `incomplete` if it answered
   * some of the matches; null if it answered alone.
   */
  fallbackReason: FallbackReason | null
  /** Every model that was asked, in order. */
  attempts: Array<Attempt>
  /** Every model that was passed over before the answer, in order. */
  skips: Array<Skip>
  /** What all attempts cost together, in US dollars. */
  costUsd: number
  /** Estimate of what the original alone would have cost, in US dollars. */
  originalCostUsd: number
  /** Tokens of all attempts together. */
  usage: Usage
  /** The version of the prompt that `modelId` was sent; `own` for a prompt of the caller's. */
  promptVersion: string
  /** The names of that prompt's overrides, in order. */
  overrides: Array<string>
  /** What `modelId` thought before it answered, or null if it did not say. */
  reasoning: string | null
  /** What `modelId` answered, as it came. */
  rawResponse: string
  /** From the call to the answer, in milliseconds. */
  durationMs: number
}

/**
 * Asks many models about many matches at once: each model about each match, or the cells that are named. Requests run side by
 * side within each provider's limits, inside one deadline and one sum of money, and tell what they came to as they end.
 *
 * Returns at once. Throws `INVALID_REQUEST` with every fault, `CLOSED`, or `BUDGET_EXHAUSTED` if it is expected to cost more than
 * `options.maxCostUsd`; then nothing was sent.
 */
export declare function predictSlate(request: SlateRequest, options?: SlateOptions | null): Slate

/**
 * Asks the model for scores, and when it fails the models of its chain, within the money and the time that the
 * caller allows. Never throws; rejects with a `FallcastError`.
 */
export declare function predictWithFallback(request: PredictionRequest | OwnPromptRequest, options?: PredictOptions | null): Promise<PredictionOutcome>

/** The attempts with one version of the prompt and the same overrides at one model. */
export interface PromptMetrics {
  /** The version of the prompt; `own` for prompts of the callers' own. */
  version: string
  /** The model. */
  modelId: string
  /** The names of the overrides, in order. */
  overrides: Array<string>
  /** How many attempts there were. */
  attempts: number
  /** How many of them gave at least one prediction. */
  validReplies: number
  /** How many failed, by kind; a kind that never occurred is absent. */
  failures: Partial<Record<FailureKind, number>>
}

/** A version of the prompts. */
export interface PromptVersionStatus {
  /** Its name. */
  version: string
  /** What its author says about it. */
  notes: string | null
  /** When it begins to be active, as an ISO 8601 time; null: always has been. */
  activeFrom: string | null
  /** When it ceases to be active, as an ISO 8601 time; null: never. */
  activeTo: string | null
  /** The ids of the models that it is for, sorted; null: all. */
  models: Array<string> | null
  /** Its share, in proportion to those of the others; null: none. */
  weight: number | null
  /** Whether it is active now, by its dates alone. */
  active: boolean
  /** Whether it is pinned by `activatePrompts`. */
  pinned: boolean
}

/** The score of one match, as a reply has it. */
export interface ReadPrediction {
  /** The match's id, as it was given. */
  matchId: string
  /** Goals of the home side, 0 to 20. */
  homeScore: number
  /** Goals of the away side, 0 to 20. */
  awayScore: number
}

/**
 * Reads a reply that you have as `predictWithFallback` would: for the scores of some matches. No engine is needed, and nothing
 * is sent.
 *
 * `reply`: what a model said, as text, or a whole chat completion as an object, at most 4 MiB. `matches`: 1 to 100 of them with
 * distinct ids; the names of their teams, which may be absent, let scores that a reply gives the other way round be turned.
 * Whatever the reply is, this returns; it throws `INVALID_REQUEST` for other arguments.
 */
export declare function readReply(reply: string | object, matches: (Pick<Match, 'id'> & Partial<Match>)[]): ReadReply

/** What `readReply` found. */
export interface ReadReply {
  /** The scores that were found, in the order of the matches. */
  predictions: Array<ReadPrediction>
  /** The ids of the matches without a score. */
  missingMatchIds: Array<string>
  /** What the model thought, trimmed; null if it did not say. */
  reasoning: string | null
  /** As what an attempt with this reply would fail; null if there is a score. */
  failure: FailureKind | null
  /** What was seen, in one line; null if there is a score. */
  message: string | null
}

/**
 * Resolves when a call need not wait for the fleet: at once without `fleet` in the configuration, else when the engine has
 * joined and can be granted some of the day's budget. An engine without a budget, or a reader, can work alone: then it
 * resolves after 2 s at the latest. Rejects with `CLOSED` if the engine is closed before.
 */
export declare function ready(): Promise<undefined>

/**
 * Brings back every model whose time has come, without waiting for the timer that does so. Resolves with how many.
 * A model that was switched off by hand stays off. In a fleet the fleet decides.
 */
export declare function recoverDisabledModels(): Promise<number>

/**
 * Reads the folder `config.catalog` again and puts what it holds into use, below the configuration and what
 * `updateCatalog` laid over it, whole or not at all; whether anything changed. Calls under way keep the catalogue with
 * which they began. The folder is watched, so this is only for who cannot wait a second, or wants to see the faults.
 *
 * Throws `INVALID_CONFIG` with every fault, a line each, and its path; the catalogue stays as it was.
 */
export declare function reloadCatalog(): boolean

/**
 * Reads the folder of `config.prompts` again and puts what it holds into use, whole or not at all; whether anything
 * changed. Calls under way keep the prompts with which they began. A folder is watched, so this is only for who cannot
 * wait a second, or wants to see the faults.
 *
 * Throws `INVALID_CONFIG` with every fault, a line each, and its path; the prompts stay as they were.
 */
export declare function reloadPrompts(): boolean

/**
 * Applies a failure that you decided, as if an attempt had ended with it: a database that refused the row, say. While
 * the model is switched off nothing changes, not even for its provider.
 *
 * `kind`: what kind of failure; `unauthorized` counts as a 401. Throws `UNKNOWN_MODEL` or `INVALID_REQUEST`.
 */
export declare function reportFailure(modelId: string, kind: FailureKind): void

/**
 * Applies a success that you decided: the model's failures are forgotten. While it is switched off nothing changes.
 *
 * Throws `UNKNOWN_MODEL`.
 */
export declare function reportSuccess(modelId: string): void

/**
 * Takes over a state, of another process say. What is known here of a model stays if it is later, and
 * what was spent today if it is more. Models that the catalogue does not have are ignored, which the event `restored` tells.
 * The pinned version of the prompts is pinned here as well, unless another is or there is none of that name.
 *
 * Throws `INVALID_CONFIG` with every fault, or for a version that is not understood; nothing has changed then.
 */
export declare function restore(snapshot: Snapshot): void

/** The calls for one model that the same model answered for the same reason. */
export interface RouteMetrics {
  /** What the calls were about: predictions, or questions of one's own. */
  task: 'predict' | 'ask'
  /** The model that was asked for. */
  originalModelId: string
  /** The model that answered, of several the last that contributed; null if none did. */
  modelId: string | null
  /**
   * Why that is not the original; null if it is. Of calls without an answer: what ended them from outside, else why
   * the original did not answer.
   */
  reason: FallbackReason | null
  /** How many calls there were. */
  calls: number
  /**
   * How many of them gave at least one prediction: a success of the model that answered and of the route, never of
   * another original.
   */
  successes: number
  /** Their part of all calls for the original, above 0 and up to 1. */
  share: number
  /** What all their attempts cost, in US dollars. */
  costUsd: number
  /** Estimate of what the original alone would have cost, in US dollars. */
  originalCostUsd: number
  /** `costUsd` less `originalCostUsd`. */
  extraCostUsd: number
  /** The same for a page: `deepseek-r1-0528-syn: 5 predictions through deepseek-r1`. */
  sentence: string
}

/** A model of the chain that was not called. */
export interface Skip {
  /** The model. */
  modelId: string
  /** Why it was not called. */
  reason: SkipReason
  /** The same in words, with the numbers that decided. */
  detail: string
}

/** What a slate would do if no request failed: counted, for it may have thousands. */
export interface SlatePlan {
  /** How many cells it has: one model and one match each. */
  cells: number
  /** How many requests it would send if none failed: those of the models that can be called. */
  requests: number
  /** What they are expected to cost together, in US dollars. */
  expectedCostUsd: number
  /** The most that they can cost together, in US dollars: the prompts and all of `maxTokens`. */
  worstCostUsd: number
  /** Every model of it, in order. */
  models: Array<PlannedModel>
  /** The models that would not be called, in order; where another stands in for them, their cells have answers all the same. */
  skips: Array<PlannedSlateSkip>
  /** Every provider that would be asked. */
  providers: Array<PlannedProvider>
}

/** How a slate stands. */
export interface SlateProgress {
  /** How many cells it has. */
  cells: number
  /** How many of them have an answer. */
  answered: number
  /** How many will have none. */
  missing: number
  /** How many requests are under way. */
  inFlight: number
  /** How many wait: for their turn, for money, for another's answer, or for a model that is left alone for a moment. */
  waiting: number
  /** What was paid so far, in US dollars. */
  costUsd: number
}

/** The state as it stands, as plain JSON: health, cooling, the day's spend and the pinned prompts. `restore` takes it back. */
export declare function snapshot(): Snapshot

/**
 * Lays providers, models and fallbacks over the catalogue by id, whole or not at all; an entry replaces the whole
 * entry with its id. The active count changes at once; calls under way keep the catalogue with which they began.
 *
 * Throws `INVALID_CONFIG` with every fault, a line each, and its path.
 */
export declare function updateCatalog(changes: CatalogChanges): void

/** Tokens, as the provider counted them. */
export interface Usage {
  /** Tokens of the prompt, the cached ones included. */
  promptTokens: number
  /** Tokens of the completion, the reasoning included. */
  completionTokens: number
  /** Tokens of the prompt that the provider had cached. */
  cachedTokens: number
  /** Tokens of the completion that were reasoning. */
  reasoningTokens: number
  /** Whether any of it is an estimate, for want of a `usage` in a reply. */
  estimated: boolean
}
