'use strict';

/**
 * Posts one body after the other, each until it is taken, with waits that grow in between. What waits is bounded: of more the
 * oldest are dropped. No timer and no connection of it keeps the process alive until it is closed.
 */
const { createHmac } = require('node:crypto');

const LONGEST_RETRY_MS = 5 * 60_000;

exports.Delivery = class Delivery {
  #how;
  #waiting = [];
  #delivered = 0;
  #dropped = 0;
  #lastFailure = null;
  /** The request that is under way, and the wait before the next. */
  #request = null;
  #timer = null;
  /** While it is closed: what ends the wait for that. */
  #closed = null;

  constructor(how) {
    this.#how = how;
  }

  add(id, body) {
    this.#waiting.push({ id, body, attempts: 0 });
    // The first may be under way.
    while (this.#waiting.length > this.#how.maxWaiting) {
      this.#waiting.splice(this.#request ? 1 : 0, 1);
      this.#dropped += 1;
    }
    if (!this.#request && !this.#timer) this.#next();
  }

  status() {
    return { waiting: this.#waiting.length, delivered: this.#delivered, dropped: this.#dropped, lastFailure: this.#lastFailure };
  }

  /** Tries what waits once more, within the time of one request, and gives up the rest. */
  close() {
    if (this.#closed) return this.#closed.promise;
    const closed = { timer: setTimeout(() => this.#end(), this.#how.timeoutMs) };
    closed.promise = new Promise((resolve) => { closed.resolve = resolve; });
    this.#closed = closed;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#request?.socket?.ref();
    if (!this.#request) this.#next();
    return closed.promise;
  }

  #end() {
    clearTimeout(this.#closed.timer);
    this.#dropped += this.#waiting.length;
    this.#waiting = [];
    this.#request?.destroy();
    this.#closed.resolve();
  }

  #next() {
    const [alert] = this.#waiting;
    if (!alert) {
      if (this.#closed) this.#end();
      return;
    }
    alert.attempts += 1;
    this.#post(alert, (failure, retryAfterMs) => this.#posted(alert, failure, retryAfterMs));
  }

  #posted(alert, failure, retryAfterMs) {
    this.#request = null;
    // Dropped meanwhile.
    if (this.#waiting[0] !== alert) return;
    if (failure === null) {
      this.#delivered += 1;
    } else {
      this.#lastFailure = failure;
      if (this.#closed) {
        this.#end();
        return;
      }
      if (retryAfterMs !== null && alert.attempts < this.#how.maxAttempts) {
        this.#wait(Math.max(retryAfterMs, this.#pause(alert.attempts)));
        return;
      }
      this.#dropped += 1;
    }
    this.#waiting.shift();
    this.#next();
  }

  /** Twice as long each time, and up to half of that less, so that not all come back at once. */
  #pause(attempts) {
    const longest = Math.min(this.#how.firstRetryMs * 2 ** (attempts - 1), LONGEST_RETRY_MS);
    return longest * (1 - Math.random() / 2);
  }

  #wait(milliseconds) {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#next();
    }, Math.min(milliseconds, LONGEST_RETRY_MS)).unref();
  }

  /** `done` gets why it was not taken, or null; then how long to wait at least, or null if it will never be. */
  #post({ id, body }, done) {
    const { url, timeoutMs } = this.#how;
    const { request: start } = url.protocol === 'https:' ? require('node:https') : require('node:http');
    let isOver = false;
    const end = (failure, retryAfterMs = 0) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      // After this turn, so that what fails at once is no recursion.
      setImmediate(() => done(failure, retryAfterMs));
    };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'fallcast', ...this.#signed(id, body) };
    const request = start(url, { method: 'POST', headers, agent: false }, (response) => {
      const { statusCode: status, headers: { 'retry-after': retryAfter } } = response;
      response.destroy();
      // A redirect is not followed: what is posted is meant for whom it was addressed to.
      if (status >= 200 && status < 300) end(null);
      else end(`HTTP ${status}`, status === 410 ? null : /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : 0);
    });
    this.#request = request;
    const timer = setTimeout(() => {
      end(`no reply within ${timeoutMs} ms`);
      request.destroy();
    }, timeoutMs);
    timer.unref();
    if (!this.#closed) request.on('socket', (socket) => { if (!this.#closed) socket.unref(); });
    request.on('error', (error) => end(error.code ?? 'the connection failed'));
    request.on('close', () => end('the connection was closed'));
    request.end(body);
  }

  #signed(id, body) {
    const timestamp = Math.floor(Date.now() / 1000);
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) };
    if (!this.#how.key) return headers;
    const signature = createHmac('sha256', this.#how.key).update(`${id}.${timestamp}.${body}`).digest('base64');
    return { ...headers, 'webhook-signature': `v1,${signature}` };
  }
};
