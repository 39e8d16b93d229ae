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
