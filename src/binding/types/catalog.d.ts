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
